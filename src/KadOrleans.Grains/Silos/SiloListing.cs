using KadOrleans.Grains.Abstractions.Managing;

namespace KadOrleans.Grains.Silos;

/// <summary>What a silo answered: its report, or why there is none.</summary>
internal readonly record struct SiloAnswer(SiloReport? Report, string? Problem);

/// <summary>A silo in the membership table.</summary>
internal readonly record struct StoredSilo(SiloStatus Status, string? Name, DateTimeOffset StartedAt, DateTimeOffset LastHeard);

/// <summary>Puts together what is known of the silos.</summary>
internal static class SiloListing
{
    /// <summary>
    /// The most dead silos. The membership table keeps each start of a week; the last ones tell what happened in the night.
    /// </summary>
    public const int MaxDead = 20;

    /// <summary>The silos: those that are not dead by address, and behind them the last dead ones, the last started first.</summary>
    /// <param name="known">What this silo's membership says.</param>
    /// <param name="stored">What the membership table says; empty if it could not be read.</param>
    /// <param name="answers">Of the silos that were asked.</param>
    /// <param name="now">The present time of the cluster.</param>
    public static IReadOnlyList<AdminSilo> Of(
        IReadOnlyDictionary<SiloAddress, SiloStatus> known,
        IReadOnlyDictionary<SiloAddress, StoredSilo> stored,
        IReadOnlyDictionary<SiloAddress, SiloAnswer> answers,
        DateTimeOffset now)
    {
        var all = known.Keys.Union(stored.Keys).Select(address => Describe(
            address,
            known.TryGetValue(address, out var status) ? status : stored[address].Status,
            stored.TryGetValue(address, out var entry) ? entry : null,
            answers.GetValueOrDefault(address),
            now)).ToLookup(silo => silo.Status == SiloStatus.Dead);
        return
        [
            .. all[false].OrderBy(silo => silo.Address.ToString(), StringComparer.Ordinal),
            .. all[true].OrderByDescending(silo => silo.Address.Generation).Take(MaxDead),
        ];
    }

    // What a silo says of itself comes before what the table says of it.
    private static AdminSilo Describe(SiloAddress address, SiloStatus status, StoredSilo? stored, SiloAnswer answer, DateTimeOffset now) =>
        answer.Report is { } report
            ? new AdminSilo(
                address,
                report.Name,
                status,
                WholeSeconds(now - report.Uptime),
                WholeSeconds(now),
                report.ClockDifference is { } difference ? TimeSpan.FromMilliseconds(Math.Round(difference.TotalMilliseconds)) : null,
                report.Version,
                report.IsReady,
                report.Reason,
                report.HasGrain)
            : new AdminSilo(
                address, stored?.Name, status, WholeSeconds(stored?.StartedAt), WholeSeconds(stored?.LastHeard), null, null, IsReady: false, answer.Problem, HasDirectory: false);

    // The start is computed anew each time, and people read it.
    private static DateTimeOffset? WholeSeconds(DateTimeOffset? time) => time?.AddTicks(-(time.Value.Ticks % TimeSpan.TicksPerSecond));
}
