namespace KadOrleans.Core;

// Tells whether a target's nearest contacts are denser than the network's size allows: the number of nodes within a distance has
// a Poisson distribution. Whoever places ids beside a key, to hold its value alone, makes it denser there.
internal static class Crowding
{
    /// <summary>Once in a million lookups an honest network may look crowded.</summary>
    public const double FalseAlarms = 1e-6;

    private const int Least = 3;

    /// <summary>The network's size is taken so many standard errors above its estimate.</summary>
    private const double Errors = 4;

    // How many of the nearest contacts are too near; 0 without an estimate, which other targets' lookups give.
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

    /// <summary>The chance of so many events or more (Poisson); 1 where as many are expected.</summary>
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
