namespace KadOrleans.Core;

/// <summary>How a measure is spread over the nodes.</summary>
/// <param name="Least">The lowest.</param>
/// <param name="P10">A tenth are at or below it.</param>
/// <param name="P50">The median.</param>
/// <param name="P90">Nine tenths are at or below it.</param>
/// <param name="P99">All but one of a hundred are at or below it.</param>
/// <param name="Most">The highest.</param>
public sealed record Quantiles(double Least, double P10, double P50, double P90, double P99, double Most)
{
    internal static Quantiles? Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? null : new Quantiles(sorted[0], At(0.1), At(0.5), At(0.9), At(0.99), sorted[^1]);

        double At(double share) => sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
    }
}
