namespace KadOrleans.Core;

/// <summary>
/// The order in which due keys go out: by ascending id, so that those of a region follow each other, and from several places of the key
/// space in turns, so that not all of them go to the same k contacts at once.
/// </summary>
internal static class SweepOrder
{
    /// <summary>Places that take turns. At so many, each contact gets a sixteenth of the rate, and a rate of 4,000 is 250 a second for it.</summary>
    public const int Places = 16;

    /// <summary>Sorts entries, and returns them in their order.</summary>
    public static IEnumerable<T> Arrange<T>(List<T> entries, Func<T, NodeId> keyOf)
    {
        entries.Sort((left, right) => keyOf(left).CompareTo(keyOf(right)));
        var length = (entries.Count + Places - 1) / Places;
        for (var i = 0; i < length; i++)
        {
            for (var at = i; at < entries.Count; at += length)
            {
                yield return entries[at];
            }
        }
    }

    /// <summary>How many of the sorted entries share so many leading bits with a key.</summary>
    public static int CountNear<T>(List<T> sorted, Func<T, NodeId> keyOf, NodeId key, int depth)
    {
        var range = new BucketRange(key, depth);
        return FirstAbove(sorted, keyOf, range.Prefix.WithOnesBehind(depth), orAt: false) - FirstAbove(sorted, keyOf, range.Prefix, orAt: true);
    }

    private static int FirstAbove<T>(List<T> sorted, Func<T, NodeId> keyOf, NodeId id, bool orAt)
    {
        var (low, high) = (0, sorted.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            var order = keyOf(sorted[middle]).CompareTo(id);
            if (order > 0 || (orAt && order == 0))
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }
}
