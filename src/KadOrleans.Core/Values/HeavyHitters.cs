using System.Runtime.InteropServices;
using KadOrleans.Core.Admission;

namespace KadOrleans.Core.Values;

/// <summary>
/// Counts events by source within a bound: Space-Saving (Metwally, Agrawal and El Abbadi, 2005). A new source takes the place
/// and the count of the one with fewest events. So a source with more than one in <see cref="Capacity"/> of all
/// events is always among them. Not safe for several threads.
/// </summary>
internal sealed class HeavyHitters
{
    /// <summary>Sources remembered at once. The search for the least of them is linear.</summary>
    public const int Capacity = 256;

    private readonly Dictionary<SourceNetwork, long> _counts = [];

    /// <summary>Counts one event.</summary>
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

    /// <summary>The sources with most events, most first.</summary>
    public IReadOnlyList<SourceChanges> Top(int count) =>
        [.. _counts.OrderByDescending(entry => entry.Value).Take(count).Select(entry => new SourceChanges(entry.Key, entry.Value))];
}
