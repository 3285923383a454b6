namespace KadOrleans.Simulation.Experiments;

/// <summary>How a number is spread; all 0 for no numbers.</summary>
/// <param name="Mean">Their mean.</param>
/// <param name="P50">The median: the least number that half of them do not exceed.</param>
/// <param name="P99">The same for 99 of 100.</param>
/// <param name="Max">The greatest.</param>
public readonly record struct Distribution(double Mean, double P50, double P99, double Max)
{
    /// <summary>That of the given numbers.</summary>
    public static Distribution Of(IEnumerable<double> numbers)
    {
        double[] sorted = [.. numbers.Order()];
        return sorted.Length == 0
            ? default
            : new Distribution(sorted.Average(), At(sorted, 0.5), At(sorted, 0.99), sorted[^1]);
    }

    private static double At(double[] sorted, double share) => sorted[(int)Math.Ceiling(share * sorted.Length) - 1];
}
