using KadOrleans.Core;
using KadOrleans.Core.Routing;
using KadOrleans.Grains.Abstractions.Edges;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Grains.Routing;

/// <summary>
/// The edge that subscribed to a table. What it is sent goes out in the background, and of snapshots only one at a time:
/// the next is the newest there is by then, so an edge that is slow or gone piles nothing up.
/// </summary>
internal sealed class EdgeLink(NodeId nodeId, TimeProvider time, TimeSpan timeout, ILogger logger)
{
    /// <summary>A subscription that is not renewed ends: it is renewed each minute, and two may be lost.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(3);

    /// <summary>Snapshots in a row that the edge may fail to take.</summary>
    private const int MaxFailures = 3;

    private IEdgeObserver? _edge;
    private long _subscribedAt;
    private long _pushed;
    private int _failures;
    private Task _push = Task.CompletedTask;

    /// <summary>The edge, while its subscription lasts.</summary>
    private IEdgeObserver? Live => _edge is not null && time.GetElapsedTime(_subscribedAt) < Lifetime ? _edge : null;

    /// <summary>Whether somebody is there to be sent something.</summary>
    public bool IsLive => Live is not null;

    /// <summary>An edge subscribed, or did again, and is told this version of the table in answer.</summary>
    public void Subscribe(IEdgeObserver edge, long version)
    {
        _edge = edge;
        _subscribedAt = time.GetTimestamp();
        _pushed = version;
        _failures = 0;
    }

    /// <summary>Removes the subscriber.</summary>
    public void End() => _edge = null;

    /// <summary>Sends the newest snapshot unless the edge has it.</summary>
    public void Push(RoutingTable table)
    {
        if (IsLive && table.Version > _pushed && _push.IsCompleted)
        {
            _push = PushAsync(table);
        }
    }

    /// <summary>Hands over work. If it is not taken, the next tick finds it due again.</summary>
    /// <returns>Ends when the edge took it or did not; never fails.</returns>
    public async Task HandAsync(EdgeWork work)
    {
        if (Live is not { } edge)
        {
            return;
        }

        try
        {
            if (!await edge.AcceptAsync(work).WaitAsync(timeout, time))
            {
                logger.WorkNotTaken(nodeId.ToString(), work.GetType().Name, "it has too much to do");
            }
        }
        catch (Exception e)
        {
            logger.WorkNotTaken(nodeId.ToString(), work.GetType().Name, e.Message);
        }
    }

    private async Task PushAsync(RoutingTable table)
    {
        // Batches that arrived in the same moment are applied first.
        await Task.Yield();
        while (Live is { } edge && table.Version > _pushed)
        {
            var snapshot = table.Snapshot;
            try
            {
                await edge.OnSnapshotAsync(nodeId, snapshot).WaitAsync(timeout, time);
                _pushed = Math.Max(_pushed, snapshot.Version);
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
                    // The next change tries again; one that came meanwhile does so now.
                    return;
                }
            }
        }
    }
}
