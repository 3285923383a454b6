namespace KadOrleans.Node;

/// <summary>A stop that runs once, however many callers there are. Each caller awaits its end.</summary>
internal sealed class SharedStop(Func<Task> stop)
{
    // A caller may be inside the stop itself, as a continuation of a request that it cancelled. So there is no lock, and continuations run
    // synchronously.
    private readonly TaskCompletionSource _ended = new();
    private int _begun;

    public Task RunAsync()
    {
        if (Interlocked.Exchange(ref _begun, 1) == 0)
        {
            _ = RunOnceAsync();
        }

        return _ended.Task;
    }

    private async Task RunOnceAsync()
    {
        try
        {
            await stop();
        }
        catch (Exception e)
        {
            _ended.SetException(e);
            return;
        }

        _ended.SetResult();
    }
}
