using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;
using KadOrleans.Storage.Sqlite.Writing;

namespace KadOrleans.Storage.Sqlite;

/// <summary>
/// All values of the file, in memory: what is read here is committed. Many threads read; only the writer changes.
/// </summary>
internal sealed class ValueMemory(KeyShard shard, PublicationMemory publications)
{
    // Guards shard.
    private readonly Lock _gate = new();

    public StoredValue? Get(NodeId key, DateTimeOffset now)
    {
        lock (_gate)
        {
            return shard.TryGet(key, now, out var value) ? value : null;
        }
    }

    /// <summary>Whether a put is refused already by what is committed.</summary>
    public StoreResult CheckPut(NodeId key, StoredValue value, bool isCopy)
    {
        lock (_gate)
        {
            return shard.CheckPut(key, value, isCopy);
        }
    }

    public KeyStoreUsage GetUsage()
    {
        lock (_gate)
        {
            return new KeyStoreUsage(shard.Count, shard.Bytes);
        }
    }

    /// <summary>A copy of the index: about 32 MB for a million keys, for as long as the caller holds it.</summary>
    public KeyValuePair<NodeId, StoredValue>[] Snapshot()
    {
        lock (_gate)
        {
            return [.. shard.Values];
        }
    }

    /// <summary>
    /// What a batch would change, if it were committed now. Every write is weighed against the quotas with the
    /// writes before it in place, which are then taken back before anyone can see them.
    /// </summary>
    public BatchPlan Plan(IReadOnlyList<Write> batch)
    {
        lock (_gate)
        {
            var plan = new BatchPlan(shard, publications);
            try
            {
                foreach (var write in batch)
                {
                    write.Plan(plan);
                }
            }
            finally
            {
                plan.TakeBack();
            }

            return plan;
        }
    }

    /// <summary>Makes the changes of a batch that is committed, or has nothing to commit.</summary>
    public void Apply(BatchPlan plan)
    {
        lock (_gate)
        {
            plan.Apply();
        }
    }
}
