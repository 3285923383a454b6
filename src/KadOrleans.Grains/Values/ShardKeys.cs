using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions.Values;

namespace KadOrleans.Grains.Values;

/// <summary>A shard's keys in order. They are sorted again only by a scan after a change.</summary>
internal sealed class ShardKeys
{
    private KeyShard? _shard;
    private long _version;
    private NodeId[] _sorted = [];

    /// <summary>Keys above <paramref name="after"/> with their values, expired ones included.</summary>
    /// <param name="shard">The values.</param>
    /// <param name="version">Changes with every change of the values.</param>
    /// <param name="after">The key before the first one. Null: from the start.</param>
    /// <param name="count">The most keys to return.</param>
    public List<ShardPut> Scan(KeyShard shard, long version, NodeId? after, int count)
    {
        Sort(shard, version);
        return [.. Above(after).Take(count).Select(next => new ShardPut(next, shard.Values[next]))];
    }

    /// <summary>Keys above <paramref name="after"/> whose values match a condition.</summary>
    public List<NodeId> Find(KeyShard shard, long version, NodeId? after, int count, Func<StoredValue, bool> isSuch)
    {
        Sort(shard, version);
        return [.. Above(after).Where(next => isSuch(shard.Values[next])).Take(count)];
    }

    private ArraySegment<NodeId> Above(NodeId? after)
    {
        var found = after is { } key ? Array.BinarySearch(_sorted, key) : -1;
        return new ArraySegment<NodeId>(_sorted)[(found >= 0 ? found + 1 : ~found)..];
    }

    private void Sort(KeyShard shard, long version)
    {
        if (_shard != shard || _version != version)
        {
            (_shard, _version) = (shard, version);
            _sorted = [.. shard.Values.Keys];
            Array.Sort(_sorted);
        }
    }
}
