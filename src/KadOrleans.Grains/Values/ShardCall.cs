using KadOrleans.Core;
using KadOrleans.Grains.Abstractions;

namespace KadOrleans.Grains.Values;

/// <summary>The bounds of one call to a shard, or for many shards.</summary>
internal static class ShardCall
{
    /// <summary>The most keys, puts or shards in one call.</summary>
    public const int MaxItems = 1024;

    /// <summary>Checks how many items a call has.</summary>
    /// <exception cref="ArgumentException">There are more than <see cref="MaxItems"/>.</exception>
    public static void CheckLength<T>(IReadOnlyList<T> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        if (items.Count > MaxItems)
        {
            throw new ArgumentException($"A call takes at most {MaxItems} keys, not {items.Count}.", nameof(items));
        }
    }

    /// <summary>Checks that all items of a call belong to a shard.</summary>
    /// <exception cref="ArgumentException">One does not, or there are too many.</exception>
    public static void CheckKeys<T>(IReadOnlyList<T> items, Func<T, NodeId> keyOf, ShardPrefix prefix, long shard)
    {
        CheckLength(items);
        foreach (var item in items)
        {
            if (!prefix.Contains(keyOf(item)))
            {
                throw new ArgumentException($"The key {keyOf(item)} does not belong to {GrainKeys.ShardName(shard)}.", nameof(items));
            }
        }
    }

    /// <summary>Checks the length of a page that a call asks for.</summary>
    /// <exception cref="ArgumentException">It is not 1 to <see cref="MaxItems"/>.</exception>
    public static void CheckCount(int count)
    {
        if (count is < 1 or > MaxItems)
        {
            throw new ArgumentException($"A call returns 1 to {MaxItems} keys, not {count}.", nameof(count));
        }
    }
}
