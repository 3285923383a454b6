namespace KadOrleans.Lab;

/// <summary>What ends without waiting for anything, as readers of memory do: its result, or what it throws.</summary>
internal static class Completed
{
    public static T Get<T>(Task<T> task)
    {
        InvariantException.Require(task.IsCompleted, "a call without anything to wait for waits");
        return task.GetAwaiter().GetResult();
    }

    public static void Wait(Task task)
    {
        InvariantException.Require(task.IsCompleted, "a call without anything to wait for waits");
        task.GetAwaiter().GetResult();
    }
}
