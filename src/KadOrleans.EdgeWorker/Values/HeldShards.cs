using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.Node.Ports;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>
/// The shards known to hold something, because a put or a scan met them, and what they last said they hold. It keeps
/// calls to all of them from waking thousands of shards that hold nothing. Where there are few, all count as known.
/// </summary>
internal sealed class HeldShards
{
    // Guards _usages and _turn.
    private readonly Lock _gate = new();
    private readonly Dictionary<long, (ShardUsage Usage, long Turn)> _usages = [];
    private long _turn;

    public HeldShards(int shards, GrainKeyStoreOptions options)
    {
        for (var shard = 0; shards <= options.UsageShards && shard < shards; shard++)
        {
            Add(shard);
        }
    }

    public void Add(long shard)
    {
        lock (_gate)
        {
            _usages.TryAdd(shard, default);
        }
    }

    public void Note(long shard, ShardUsage usage)
    {
        lock (_gate)
        {
            _usages[shard] = (usage, ++_turn);
        }
    }

    public IReadOnlyList<long> All()
    {
        lock (_gate)
        {
            return [.. _usages.Keys];
        }
    }

    /// <summary>Those not asked for longest, at most <paramref name="count"/>.</summary>
    public IReadOnlyList<long> LongestUnasked(int count)
    {
        lock (_gate)
        {
            return [.. _usages.OrderBy(pair => pair.Value.Turn).Take(count).Select(pair => pair.Key)];
        }
    }

    public KeyStoreUsage Sum()
    {
        lock (_gate)
        {
            return new KeyStoreUsage(_usages.Values.Sum(value => value.Usage.Keys), _usages.Values.Sum(value => value.Usage.Bytes));
        }
    }
}
