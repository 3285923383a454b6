namespace KadOrleans.Lab;

/// <summary>
/// Overwrites one key with ever later versions. It sends the next one after an acknowledgement. After a timeout it sends to another edge.
/// From time to time it changes the edge without need. It rests only after an acknowledgement.
/// </summary>
public sealed class KeyWriter(
    WriteHistory history, IReadOnlyList<UdpAsker> edges, OverwritePace pace, Stopwatch clock, Random random, CancellationToken stop)
{
    // One version in so many goes to another edge although the last one acknowledged.
    private const int Wandering = 8;

    private volatile TaskCompletionSource? _resting;
    private volatile TaskCompletionSource? _mayWrite;
    private int _edge = random.Next(edges.Count);

    public WriteHistory History => history;

    public NodeId Id { get; } = KeyVersion.IdOf(history.Key, pace.AreItems);

    public async Task RunAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            var isStored = await WriteAsync();
            if (isStored && _resting is { } resting)
            {
                resting.TrySetResult();
                await _mayWrite!.Task;
            }

            await Task.Delay(pace.Pause, CancellationToken.None);
            _edge = (_edge + (isStored && random.Next(Wandering) > 0 ? 0 : 1)) % edges.Count;
        }
    }

    public Task RestAsync()
    {
        if (_resting is not { } resting)
        {
            _mayWrite = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _resting = resting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return resting.Task;
    }

    public void GoOn()
    {
        _resting = null;
        _mayWrite?.TrySetResult();
    }

    // An acknowledgement that comes after all counts.
    private Task<bool> WriteAsync() => StoreAsync(edges[_edge], history.Send(_edge, clock.Elapsed)).WithinAsync(pace.Patience);

    private async Task<bool> StoreAsync(UdpAsker edge, int version)
    {
        var value = pace.AreItems ? KeyVersion.ToItem(history.Key, version).ToValue() : KeyVersion.ToValue(history.Key, version);
        var isStored = await edge.StoreAsync(Id, value);
        if (isStored)
        {
            history.Acknowledge(version, clock.Elapsed);
        }

        return isStored;
    }
}
