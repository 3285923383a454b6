using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace KadOrleans.Edge;

/// <summary>The periodic work that the cluster's reminders give to a node id. Shards remove expired values themselves.</summary>
internal sealed class ClusterMaintenanceSchedule(NodeId nodeId) : IMaintenanceSchedule
{
    /// <summary>How many pieces of work may wait. With this many, minutes apart, an edge is far behind.</summary>
    public const int Capacity = 16;

    // How many keys may wait to be republished, besides the others. At so many the rate is the highest.
    public const int RepublishCapacity = 1_024 * RepublishWork.MaxKeys;

    // Bounded by the two counts below.
    private readonly Channel<EdgeWork> _work = Channel.CreateUnbounded<EdgeWork>(new UnboundedChannelOptions { SingleReader = true });

    private int _republishing;
    private int _others;

    // Queues work. Returns false for work of another id, and when the queue is full: the caller offers it again later.
    public bool TryAccept(EdgeWork work)
    {
        return Serves(work)
            && (work is RepublishWork { Keys.Count: var keys }
                ? keys > 0 && TryCount(ref _republishing, keys, RepublishCapacity)
                : TryCount(ref _others, 1, Capacity))
            && _work.Writer.TryWrite(work);
    }

    public bool Serves(EdgeWork work) => work.NodeId == nodeId;

    public async IAsyncEnumerable<MaintenanceTask> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await _work.Reader.WaitToReadAsync(cancellationToken))
        {
            while (_work.Reader.TryRead(out var work))
            {
                if (work is not RepublishWork)
                {
                    Interlocked.Decrement(ref _others);
                }

                yield return ToTask(work);
            }
        }
    }

    private static bool TryCount(ref int count, int added, int most)
    {
        if (Interlocked.Add(ref count, added) <= most)
        {
            return true;
        }

        Interlocked.Add(ref count, -added);
        return false;
    }

    private MaintenanceTask ToTask(EdgeWork work) => work switch
    {
        RefreshBucketsWork refresh => new MaintenanceTask.RefreshBuckets(refresh.Buckets),
        RejoinWork => new MaintenanceTask.Rejoin(),
        RepublishWork republish => new MaintenanceTask.RepublishKeys(republish.Keys)
        {
            Ended = () => Interlocked.Add(ref _republishing, -republish.Keys.Count),
        },
        RandomWalkWork => new MaintenanceTask.Walk(),
        _ => throw new UnreachableException($"No task for {work.GetType().Name}."),
    };
}
