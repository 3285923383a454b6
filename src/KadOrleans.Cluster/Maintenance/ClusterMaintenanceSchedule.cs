using System.Runtime.CompilerServices;
using System.Threading.Channels;
using KadOrleans.Core;
using KadOrleans.Grains.Abstractions.Edges;
using KadOrleans.Node.Ports;

namespace KadOrleans.Cluster.Maintenance;

/// <summary>
/// Periodic work as the cluster's reminders hand it to one node id of an edge. Values expire in their shards, so that
/// work never comes here.
/// </summary>
public sealed class ClusterMaintenanceSchedule : IMaintenanceSchedule
{
    /// <summary>
    /// Pieces of work that may wait: reminders fire every few minutes, so this many waiting means that the edge is far
    /// behind, and more would only be done later still.
    /// </summary>
    public const int Capacity = 16;

    private readonly NodeId _nodeId;
    private readonly Channel<EdgeWork> _work = Channel.CreateBounded<EdgeWork>(
        new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });

    /// <summary>The schedule of one node id, with nothing to do.</summary>
    public ClusterMaintenanceSchedule(NodeId nodeId)
    {
        _nodeId = nodeId;
    }

    /// <summary>
    /// Takes work, to be done in its order. False if it is another id's or of a kind unknown here, or if
    /// <see cref="Capacity"/> pieces wait already: whoever offered it offers it again when it is due next.
    /// </summary>
    public bool TryAccept(EdgeWork work)
    {
        ArgumentNullException.ThrowIfNull(work);
        return NodeIdOf(work) == _nodeId && _work.Writer.TryWrite(work);
    }

    /// <inheritdoc/>
    /// <remarks>Watched by one reader at a time.</remarks>
    public async IAsyncEnumerable<MaintenanceTask> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await _work.Reader.WaitToReadAsync(cancellationToken))
        {
            while (_work.Reader.TryRead(out var work))
            {
                yield return ToTask(work);
            }
        }
    }

    private static NodeId? NodeIdOf(EdgeWork work) => work switch
    {
        RefreshBucketsWork refresh => refresh.NodeId,
        RandomWalkWork walk => walk.NodeId,
        RejoinWork rejoin => rejoin.NodeId,
        RepublishWork republish => republish.NodeId,
        _ => null,
    };

    private static MaintenanceTask ToTask(EdgeWork work) => work switch
    {
        RefreshBucketsWork refresh => new MaintenanceTask.RefreshBuckets(refresh.Buckets),
        RejoinWork => new MaintenanceTask.Rejoin(),
        RepublishWork republish => new MaintenanceTask.RepublishKeys(republish.Keys),
        _ => new MaintenanceTask.RandomWalk(),
    };
}
