namespace KadOrleans.Cli.Tests.Running;

/// <summary>
/// Waits for what another process does without saying so: its health and status can only be asked for. This is the
/// one place that asks again by a timer.
/// </summary>
internal static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    public static async Task<T> ReadAsync<T>(Func<Task<T>> read, Func<T, bool> isReached)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var last = await read();
        while (!isReached(last))
        {
            try
            {
                await timer.WaitForNextTickAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"Not reached in {Deadline}; the last was {last}");
            }

            last = await read();
        }

        return last;
    }
}
