namespace KadOrleans.Lab;

/// <summary>The prices that estimates use, from <c>prices.json</c>.</summary>
public sealed record PriceList(
    string Currency, string Region, double HoursPerMonth, MachinePrices Machines, IReadOnlyList<StoragePrice> Storages)
{
    public static PriceList Read()
    {
        using var file = typeof(PriceList).Assembly.GetManifestResourceStream("prices.json")!;
        return JsonSerializer.Deserialize<PriceList>(file, JsonSerializerOptions.Web)!;
    }
}

/// <summary>The prices in a month of a silo or edge with its disk, and of what a cluster of any size needs besides.</summary>
public sealed record MachinePrices(
    double SiloPerMonth, double EdgePerMonth, double FixedPerMonth, double LiveBytesPerSilo, string Source);

/// <summary>
/// The prices of 10,000 operations, of a GB for a month and of the storage's own machine. Limits are null where none is known.
/// Measured puts are the most a second that docs/performance.md has on it; 0 if none were.
/// </summary>
public sealed record StoragePrice(
    string Name,
    double PerWrites,
    double PerReads,
    double PerGigabyte,
    double FixedPerMonth,
    double WriteMilliseconds,
    int? MaxSilos,
    double MeasuredPuts,
    double? MaxOperationsPerSecond,
    string? Limit,
    string Source)
{
    private const double PricedOperations = 10_000;

    public TimeSpan Write => TimeSpan.FromMilliseconds(WriteMilliseconds);

    public double MoneyOf(Operations operations) =>
        ((operations.Reads * PerReads) + (operations.Writes * PerWrites)) / PricedOperations;
}
