using KadOrleans.Faults.Calls;

namespace KadOrleans.Faults.Campaigns;

/// <summary>What came of one fault.</summary>
internal sealed record FaultRow
{
    /// <summary>What was done.</summary>
    public required string Kind { get; init; }

    /// <summary>To what.</summary>
    public required string Target { get; init; }

    /// <summary>How long it was frozen or away.</summary>
    public required double Seconds { get; init; }

    /// <summary>From the end of the fault until all was healthy.</summary>
    public required double SecondsToHealth { get; init; }

    /// <summary>STOREs acknowledged since the check before, or the start.</summary>
    public required int Acknowledged { get; init; }

    /// <summary>Of these, acknowledged after a later version was sent.</summary>
    public required int AcknowledgedLate { get; init; }

    /// <summary>Keys of which nothing was there.</summary>
    public required int Lost { get; init; }

    /// <summary>Keys whose value was older than the last acknowledged one.</summary>
    public required int Undone { get; init; }

    /// <summary>Answers meanwhile that were older than what was acknowledged when they were asked for.</summary>
    public required int Stale { get; init; }

    /// <summary>Processes that ended by themselves and were started again.</summary>
    public required int Restarts { get; init; }

    /// <summary>Whether all became healthy in time.</summary>
    public required bool IsHealthy { get; init; }

    /// <summary>The longest silence in seconds by call, at any edge that the fault did not befall.</summary>
    public required IReadOnlyDictionary<string, double> Silence { get; init; }

    /// <summary>The same of the edge that the fault befell; null where it was no edge.</summary>
    public required IReadOnlyDictionary<string, double>? TargetSilence { get; init; }

    /// <summary>Whether nothing was lost or undone and all became healthy.</summary>
    public bool IsGood => Lost == 0 && Undone == 0 && IsHealthy;

    /// <summary>Silence by call, of one or several gauges.</summary>
    public static IReadOnlyDictionary<string, double> SilenceOf(IEnumerable<SilenceGauge> gauges, TimeSpan now)
    {
        var of = gauges.ToArray();
        return CallKinds.All.ToDictionary(
            CallKinds.NameOf, kind => of.Length == 0 ? 0 : Math.Round(of.Max(gauge => gauge.Longest(kind, now)).TotalSeconds, 1));
    }
}
