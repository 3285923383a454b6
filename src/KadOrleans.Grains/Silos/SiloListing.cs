namespace KadOrleans.Grains.Silos;

/// <summary>What a silo answered: its report, or why there is none.</summary>
internal readonly record struct SiloAnswer(SiloReport? Report, string? Problem);

internal readonly record struct StoredSilo(SiloStatus Status, string? Name, DateTimeOffset StartedAt, DateTimeOffset LastHeard);

internal static class SiloListing
{
    /// <summary>
    /// The most dead silos. The membership table keeps each start of a week; the last ones tell what happened in the night.
    /// </summary>
    public const int MaxDead = 20;

    /// <summary>The silos: those that are not dead by address, and behind them the last dead ones, the last started first.</summary>
    public static IReadOnlyList<SiloDetails> Of(
        IReadOnlyDictionary<SiloAddress, SiloStatus> known,
        IReadOnlyDictionary<SiloAddress, StoredSilo> stored,
        IReadOnlyDictionary<SiloAddress, SiloAnswer> answers,
        DateTimeOffset now)
    {
        var all = known.Keys.Union(stored.Keys).ToLookup(address => StatusOf(address) == SiloStatus.Dead);
        return
        [
            .. all[false].OrderBy(address => address.ToString(), StringComparer.Ordinal)
                .Concat(all[true].OrderByDescending(address => address.Generation).Take(MaxDead))
                .Select(address => Describe(
                    address, StatusOf(address), stored.TryGetValue(address, out var entry) ? entry : null, answers.GetValueOrDefault(address), now)),
        ];

        SiloStatus StatusOf(SiloAddress address) => known.TryGetValue(address, out var status) ? status : stored[address].Status;
    }

    // What a silo says of itself comes before what the table says of it.
    private static SiloDetails Describe(SiloAddress address, SiloStatus status, StoredSilo? stored, SiloAnswer answer, DateTimeOffset now)
    {
        var report = answer.Report;
        return new SiloDetails(
            address.ToString(),
            report?.Name ?? stored?.Name,
            status.ToString(),
            WholeSeconds(report is null ? stored?.StartedAt : now - report.Uptime),
            WholeSeconds(report is null ? stored?.LastHeard : now),
            report?.ClockDifference is { } difference ? TimeSpan.FromMilliseconds(Math.Round(difference.TotalMilliseconds)) : null,
            report?.Version,
            report?.IsReady ?? false,
            report is null ? answer.Problem : report.Reason,
            report?.HasGrain ?? false);
    }

    // The start is computed anew each time, and people read it.
    private static DateTimeOffset? WholeSeconds(DateTimeOffset? time) => time?.AddTicks(-(time.Value.Ticks % TimeSpan.TicksPerSecond));
}
