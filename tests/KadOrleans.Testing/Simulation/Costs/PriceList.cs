using System.Text.Json;

namespace KadOrleans.Testing;

/// <summary>The prices that estimates use, from <c>prices.json</c>.</summary>
/// <param name="Currency">Such as USD.</param>
/// <param name="Region">Where they hold.</param>
/// <param name="HoursPerMonth">The hours that are billed in a month.</param>
/// <param name="Machines">The prices of silos and edges.</param>
/// <param name="Storages">The kinds of storage.</param>
public sealed record PriceList(
    string Currency, string Region, double HoursPerMonth, MachinePrices Machines, IReadOnlyList<StoragePrice> Storages)
{
    public static PriceList Read()
    {
        using var file = typeof(PriceList).Assembly.GetManifestResourceStream("prices.json")!;
        return JsonSerializer.Deserialize<PriceList>(file, JsonSerializerOptions.Web)!;
    }
}

/// <summary>The prices of machines in a month.</summary>
/// <param name="SiloPerMonth">A node for one silo, with its disk.</param>
/// <param name="EdgePerMonth">A node for one edge, with its disk and public address.</param>
/// <param name="FixedPerMonth">What a cluster of any size needs besides.</param>
/// <param name="LiveBytesPerSilo">The bytes of values and keys that a silo can hold, with room for the garbage collector.</param>
/// <param name="Source">Where the figures come from.</param>
public sealed record MachinePrices(
    double SiloPerMonth, double EdgePerMonth, double FixedPerMonth, double LiveBytesPerSilo, string Source);

/// <summary>The prices and limits of a kind of storage.</summary>
/// <param name="Name">As it is typed.</param>
/// <param name="PerWrites">The price of 10,000 writes.</param>
/// <param name="PerReads">The price of 10,000 reads.</param>
/// <param name="PerGigabyte">The price of a GB for a month.</param>
/// <param name="FixedPerMonth">The price of its own machine or disk.</param>
/// <param name="WriteMilliseconds">The time of one write.</param>
/// <param name="MaxSilos">The most silos that share it. Null: no limit.</param>
/// <param name="MeasuredPuts">The most puts a second that docs/performance.md measured on it. 0: none were measured.</param>
/// <param name="MaxOperationsPerSecond">The most reads and writes a second. Null: no limit is known.</param>
/// <param name="Limit">What keeps it from being used, or bounds its use. Null: nothing.</param>
/// <param name="Source">Where the figures come from, and from when.</param>
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
