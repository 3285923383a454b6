namespace KadOrleans.Grains;

// The edge that subscribed to a table. Calls to it run in the background. One snapshot is pending at a time, and the next one is
// the newest by then. So a slow or dead edge fills no queue.
internal sealed class EdgeLink(NodeId nodeId, TimeProvider time, ILogger logger)
{
    /// <summary>The time after which a subscription without a renewal ends. Edges renew each minute, so two renewals may be lost.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(3);

    private const int MaxFailures = 3;

    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(10);

    private IEdgeDesk? _edge;
    private long _subscribedAt;

    private RoutingTableSnapshot _pushed = RoutingTableSnapshot.Empty(nodeId);
    private int _failures;
    private Task _push = Task.CompletedTask;

    private IEdgeDesk? Live => _edge is not null && time.GetElapsedTime(_subscribedAt) < Lifetime ? _edge : null;

    public bool IsLive => Live is not null;

    /// <summary>Takes or renews a subscription. The edge has this snapshot already, or it is in the response.</summary>
    public void Subscribe(IEdgeDesk edge, RoutingTableSnapshot snapshot)
    {
        _edge = edge;
        _subscribedAt = time.GetTimestamp();
        _pushed = snapshot;
        _failures = 0;
    }

    public void End() => _edge = null;

    public void Push(RoutingTable table)
    {
        if (IsLive && table.Version > _pushed.Version && _push.IsCompleted)
        {
            _push = PushAsync(table);
        }
    }

    // Sends work to the edge. If the edge refuses it, the next tick finds it due again. Returns whether the edge took it; never fails.
    public async Task<bool> HandAsync(EdgeWork work)
    {
        if (Live is not { } edge)
        {
            return false;
        }

        var problem = "it has too much to do";
        try
        {
            if (await edge.AcceptAsync(work).WaitAsync(CallTimeout, time))
            {
                return true;
            }
        }
        catch (Exception e)
        {
            problem = e.Message;
        }

        logger.WorkNotTaken(nodeId.ToString(), work.GetType().Name, problem);
        return false;
    }

    private async Task PushAsync(RoutingTable table)
    {
        // Lets batches that arrived at the same moment be applied first.
        await Task.Yield();
        while (Live is { } edge && table.Version > _pushed.Version)
        {
            var snapshot = table.Snapshot;
            try
            {
                await SendAsync(edge, snapshot);
                _pushed = snapshot.Version > _pushed.Version ? snapshot : _pushed;
                _failures = 0;
            }
            catch (Exception e)
            {
                logger.SnapshotNotTaken(nodeId.ToString(), e.Message);
                if (++_failures >= MaxFailures && ReferenceEquals(edge, _edge))
                {
                    End();
                }

                if (table.Version == snapshot.Version)
                {
                    // The next change retries; a change during the call retries now.
                    return;
                }
            }
        }
    }

    /// <summary>Sends the difference to what the edge has. Sends the whole snapshot if that is small, much changed, or the edge has another.</summary>
    private async Task SendAsync(IEdgeDesk edge, RoutingTableSnapshot snapshot)
    {
        var isTaken = SnapshotChange.Of(_pushed, snapshot) is { } change
            && await edge.OnChangeAsync(nodeId, change).WaitAsync(CallTimeout, time);
        if (!isTaken)
        {
            await edge.OnSnapshotAsync(nodeId, snapshot).WaitAsync(CallTimeout, time);
        }
    }
}
