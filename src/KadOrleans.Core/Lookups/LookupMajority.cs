using KadOrleans.Core.Values;

namespace KadOrleans.Core.Lookups;

/// <summary>Chooses among the values that several contacts answered with.</summary>
internal static class LookupMajority
{
    /// <summary>
    /// The most frequent value; of several equally frequent ones, that of the nearest contact. Null without values.
    /// </summary>
    /// <param name="byDistance">Contacts that answered, nearest first.</param>
    public static DhtValue? Choose(IReadOnlyList<Candidate> byDistance)
    {
        DhtValue? best = null;
        var bestCount = 0;
        for (var i = 0; i < byDistance.Count; i++)
        {
            var value = byDistance[i].Value;
            if (value.Kind == DhtValueKind.None)
            {
                continue;
            }

            // At most α holders answer before a lookup ends, so counting pairs is cheaper than a table.
            var count = byDistance.Count(c => c.Value == value);
            if (count > bestCount)
            {
                (best, bestCount) = (value, count);
            }
        }

        return best;
    }
}
