namespace KadOrleans.Core.Values;

// Counts events by source: Space-Saving (Metwally, Agrawal and El Abbadi, 2005). A new source inherits the count of the one
// with fewest. So a source with more than one in Capacity of all events is always there. Not thread-safe.
internal sealed class HeavyHitters
{
    /// <summary>The search for the least of them is linear.</summary>
    public const int Capacity = 256;

    private readonly Dictionary<SourceNetwork, long> _counts = [];

    public void Count(SourceNetwork source)
    {
        var inherited = 0L;
        if (_counts.Count == Capacity && !_counts.ContainsKey(source))
        {
            var least = _counts.MinBy(entry => entry.Value);
            inherited = least.Value;
            _counts.Remove(least.Key);
        }

        ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_counts, source, out var isKnown);
        count += isKnown ? 1 : inherited + 1;
    }

    public IReadOnlyList<SourceChanges> Top(int count) =>
        [.. _counts.OrderByDescending(entry => entry.Value).Take(count).Select(entry => new SourceChanges(entry.Key, entry.Value))];
}

/// <summary>How many live values a source replaced that others had stored.</summary>
/// <param name="Source">The source.</param>
/// <param name="Changed">How many. Where more sources did so than are remembered, it may be too high, never too low.</param>
public readonly record struct SourceChanges(SourceNetwork Source, long Changed);
