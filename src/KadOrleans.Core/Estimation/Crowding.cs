namespace KadOrleans.Core.Estimation;

/// <summary>
/// Tells whether the nearest contacts of a target are denser than the network's size allows. Ids are spread evenly, so the number of nodes
/// within a distance has a Poisson distribution. Whoever places ids beside a key, to hold its value alone, makes it denser there.
/// </summary>
internal static class Crowding
{
    /// <summary>How often an honest network may look crowded: once in a million lookups.</summary>
    public const double FalseAlarms = 1e-6;

    /// <summary>The fewest contacts that are judged. One or two near a key are nobody's majority.</summary>
    private const int Least = 3;

    /// <summary>How far above its estimate the network's size is taken, in standard errors.</summary>
    private const double Errors = 4;

    /// <summary>How many of the nearest contacts are too near; 0 without an estimate, which comes from lookups of other targets.</summary>
    public static int Count(NodeId target, IReadOnlyList<Contact> closest, NetworkSizeEstimate? size)
    {
        if (size is null)
        {
            return 0;
        }

        var most = size.Nodes + (Errors * size.StandardError);
        for (var count = closest.Count; count >= Least; count--)
        {
            var expected = most * closest[count - 1].Id.DistanceTo(target).ToFraction();
            if (ChanceOfAtLeast(count, expected) < FalseAlarms / closest.Count)
            {
                return count;
            }
        }

        return 0;
    }

    /// <summary>The chance of so many events or more, where fewer are expected (Poisson). 1 where as many are.</summary>
    private static double ChanceOfAtLeast(int count, double expected)
    {
        if (expected >= count)
        {
            return 1;
        }

        var term = Math.Exp(-expected);
        for (var i = 1; i <= count; i++)
        {
            term *= expected / i;
        }

        var chance = 0.0;
        for (var i = count + 1; term > chance * 1e-9; i++)
        {
            chance += term;
            term *= expected / i;
        }

        return chance;
    }
}
