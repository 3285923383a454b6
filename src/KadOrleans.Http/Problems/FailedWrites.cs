namespace KadOrleans.Http;

/// <summary>Counts requests over HTTP that could not write, as storage or a shard failed. Safe for several threads.</summary>
internal sealed class FailedWrites
{
    /// <summary>The name of the count among those of the nodes.</summary>
    internal const string Name = "http.writes.failed";

    private long _count;
    private volatile TaskCompletionSource _next = New();

    public long Count => Interlocked.Read(ref _count);

    /// <summary>Completes at the next one.</summary>
    public Task Next => _next.Task;

    public void Record()
    {
        Interlocked.Increment(ref _count);
        Interlocked.Exchange(ref _next, New()).SetResult();
    }

    internal static void RecordOf(HttpContext context) => context.RequestServices.GetService<FailedWrites>()?.Record();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
