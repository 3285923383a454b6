namespace KadOrleans.Http;

/// <summary>Puts heartbeats between the items of a stream, so that proxies keep its connection.</summary>
internal static class Heartbeats
{
    /// <summary>The longest time without an event.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    /// <summary>The items of a stream, and null after each <see cref="Interval"/> without one. Ends with the stream.</summary>
    /// <param name="source">Disposed at the end.</param>
    /// <param name="next">The result of the move to the next item, which may be under way.</param>
    /// <param name="ending">Cancels the source; disposed at the end.</param>
    /// <param name="time">The clock.</param>
    public static async IAsyncEnumerable<T?> AddAsync<T>(
        IAsyncEnumerator<T> source, Task<bool> next, CancellationTokenSource ending, TimeProvider time)
        where T : class
    {
        try
        {
            while (true)
            {
                while (!await CompletesAsync(next, time, ending.Token))
                {
                    yield return null;
                }

                if (!await next)
                {
                    yield break;
                }

                yield return source.Current;
                next = source.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            // The enumerator must not be disposed while it works.
            await ending.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await source.DisposeAsync();
            ending.Dispose();
        }
    }

    private static async Task<bool> CompletesAsync(Task task, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await task.WaitAsync(Interval, time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
