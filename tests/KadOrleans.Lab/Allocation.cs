namespace KadOrleans.Lab;

/// <summary>What a piece of code allocates on its thread.</summary>
public static class Allocation
{
    /// <summary>
    /// Bytes, the least of five measurements after one that warms up. A collection that another test causes counts the rest of this
    /// thread's buffer, at most 8 KiB, once.
    /// </summary>
    public static long Of(Action action)
    {
        Measure(action);
        return Enumerable.Range(0, 5).Min(_ => Measure(action));
    }

    private static long Measure(Action action)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
