namespace KadOrleans.Lab;

/// <summary>Runs as a grain does: calls interleave, and never run at once.</summary>
public static class OneAtATime
{
    public static Task RunAsync(Func<Task> run) => Task.Factory.StartNew(
        run,
        CancellationToken.None,
        TaskCreationOptions.None,
        new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler).Unwrap();
}
