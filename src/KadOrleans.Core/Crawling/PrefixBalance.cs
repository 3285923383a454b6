namespace KadOrleans.Core;

/// <summary>How evenly ids are spread over the space, by their first bits: a chi-square test against an even spread.</summary>
/// <param name="Bits">How many first bits were compared.</param>
/// <param name="ChiSquare">The sum of squared deviations over the expected count.</param>
/// <param name="Probability">The probability, 0 to 1, that an even spread deviates as much or more.</param>
/// <param name="Fullest">The prefix with the most ids, as bits.</param>
/// <param name="FullestRatio">Its ids over its even share.</param>
/// <param name="Emptiest">The prefix with the fewest ids, as bits.</param>
/// <param name="EmptiestRatio">Its ids over its even share.</param>
public sealed record PrefixBalance(
    int Bits,
    double ChiSquare,
    double Probability,
    string Fullest,
    double FullestRatio,
    string Emptiest,
    double EmptiestRatio)
{
    /// <summary>With fewer on average, the test says nothing.</summary>
    internal const int LeastPerPrefix = 10;

    // More prefixes would show no pattern that a person can act on.
    private const int MaxBits = 8;

    internal static PrefixBalance? Of(IReadOnlyCollection<NodeId> ids)
    {
        var bits = 0;
        while (bits < MaxBits && ids.Count >> (bits + 1) >= LeastPerPrefix)
        {
            bits++;
        }

        if (bits == 0)
        {
            return null;
        }

        var counts = new int[1 << bits];
        foreach (var id in ids)
        {
            counts[id.FirstBits(bits)]++;
        }

        var expected = (double)ids.Count / counts.Length;
        var chiSquare = counts.Sum(c => (c - expected) * (c - expected)) / expected;
        var (fullest, emptiest) = (Array.IndexOf(counts, counts.Max()), Array.IndexOf(counts, counts.Min()));
        return new PrefixBalance(
            bits,
            chiSquare,
            UpperTail(chiSquare, counts.Length - 1),
            Format(fullest),
            counts[fullest] / expected,
            Format(emptiest),
            counts[emptiest] / expected);

        string Format(int prefix) => Convert.ToString(prefix, 2).PadLeft(bits, '0');
    }

    /// <summary>By the normal approximation of Wilson and Hilferty (1931).</summary>
    private static double UpperTail(double value, int freedom)
    {
        var variance = 2.0 / (9 * freedom);
        var z = (Math.Cbrt(value / freedom) - (1 - variance)) / Math.Sqrt(variance);
        return z < 0 ? 1 - NormalTail(-z) : NormalTail(z);
    }

    // Abramowitz and Stegun, 26.2.17: off by less than 1e-7.
    private static double NormalTail(double z)
    {
        var t = 1 / (1 + (0.2316419 * z));
        var polynomial = t * (0.319381530 + (t * (-0.356563782 + (t * (1.781477937 + (t * (-1.821255978 + (t * 1.330274429))))))));
        return Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI) * polynomial;
    }
}
