using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions.Values;

namespace KadOrleans.Grains.Values;

/// <summary>
/// A shard's keys in order. The keys that changed between two scans are sorted by themselves and read beside the others. Many of them are
/// merged with the others. A shard that nobody scans sorts nothing.
/// </summary>
/// <param name="shard">The values.</param>
/// <param name="mostRecent">The most keys that are read beside the others.</param>
internal sealed class ShardKeys(KeyShard shard, int mostRecent = ShardKeys.MostRecent)
{
    private const int MostRecent = 4096;

    // Both in order. A key may be in both. A key that was removed may still be in one.
    private NodeId[] _sorted = [];
    private NodeId[] _recent = [];

    // Keys that changed since the last scan. Null before the first one, and if they are too many.
    private List<NodeId>? _noted;

    /// <summary>Notes that a key was stored or removed.</summary>
    public void Note(NodeId key)
    {
        if (_noted is not null)
        {
            _noted.Add(key);
            if (_noted.Count > Math.Max(mostRecent, _sorted.Length / 2))
            {
                _noted = null;
            }
        }
    }

    /// <summary>Keys of a region above <paramref name="after"/> with their values, expired ones included.</summary>
    /// <param name="region">The region.</param>
    /// <param name="after">The key before the first one. Null: from the start.</param>
    /// <param name="count">The most keys to return.</param>
    public List<ShardPut> Scan(KeyRegion region, NodeId? after, int count)
    {
        var found = new List<ShardPut>();
        var range = region.Range;
        var isFirst = after is null || after < range.Prefix;
        foreach (var key in From(isFirst ? range.Prefix : after!.Value))
        {
            if (found.Count == count || !range.Contains(key))
            {
                break;
            }

            if ((isFirst || key != after) && region.Contains(key) && shard.Read(key) is { } held)
            {
                found.Add(new ShardPut(key, held));
            }
        }

        return found;
    }

    /// <summary>Keys above <paramref name="after"/> whose values match a condition.</summary>
    public List<NodeId> Find(NodeId? after, int count, Func<StoredValue, bool> isSuch)
    {
        var found = new List<NodeId>();
        foreach (var key in From(after ?? NodeId.MinValue))
        {
            if (found.Count == count)
            {
                break;
            }

            if (key != after && shard.Read(key) is { } held && isSuch(held))
            {
                found.Add(key);
            }
        }

        return found;
    }

    private IEnumerable<NodeId> From(NodeId first)
    {
        Update();
        return Merge(_sorted, _recent, first);
    }

    private void Update()
    {
        if (_noted is null)
        {
            (_sorted, _recent, _noted) = ([.. shard.Values.Keys], [], []);
            Array.Sort(_sorted);
        }
        else if (_noted.Count > 0)
        {
            _recent = [.. new SortedSet<NodeId>(_noted.Concat(_recent))];
            _noted.Clear();
            if (_recent.Length > mostRecent)
            {
                (_sorted, _recent) = ([.. Merge(_sorted, _recent, NodeId.MinValue).Where(key => shard.TryFind(key, out _))], []);
            }
        }
    }

    // In order and each key once, also those that are held no more.
    private static IEnumerable<NodeId> Merge(NodeId[] sorted, NodeId[] recent, NodeId first)
    {
        var (i, j) = (IndexOf(sorted, first), IndexOf(recent, first));
        while (i < sorted.Length || j < recent.Length)
        {
            var isRecent = i == sorted.Length || (j < recent.Length && recent[j] <= sorted[i]);
            var next = isRecent ? recent[j] : sorted[i];
            i += i < sorted.Length && sorted[i] == next ? 1 : 0;
            j += isRecent ? 1 : 0;
            yield return next;
        }
    }

    private static int IndexOf(NodeId[] keys, NodeId first)
    {
        var found = Array.BinarySearch(keys, first);
        return found >= 0 ? found : ~found;
    }
}
