namespace KadOrleans;

/// <summary>
/// Upkeep of a node, or of all node ids of an edge, at one time: what it has sent of the values that were due, in the sweep under way or in
/// the last one that had any, and what waits. A sweep begins when something is due while nothing waits, and ends when nothing waits. A
/// cluster's shards give an edge their keys piece by piece.
/// </summary>
public sealed record SweepProgress
{
    /// <summary>When this was so, by the node's clock.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Whether it looks for values that are due, or is about to. An edge does not look: shards do.</summary>
    public bool IsLooking { get; init; }

    /// <summary>When the sweep began. Null before the first.</summary>
    public DateTimeOffset? BegunAt { get; init; }

    /// <summary>When it ended. Null while it is under way, and before the first.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>How many values it has had to look at, those that wait included.</summary>
    public long Values { get; init; }

    /// <summary>Those that wait. Others that were not sent were not due any more in their turn, or nobody took them.</summary>
    public long Waiting { get; init; }

    /// <summary>The values held for the network that it sent.</summary>
    public long Republished { get; init; }

    /// <summary>The own publications that it sent.</summary>
    public long Published { get; init; }

    /// <summary>The regions of the key space that its values lie in.</summary>
    public long Regions { get; init; }

    /// <summary>Those of them in which nothing waits any more. In a cluster a region whose keys come in several pieces counts for each.</summary>
    public long RegionsDone { get; init; }

    /// <summary>How far beyond its interval the most overdue value was that it sent, when its STOREs went out.</summary>
    public TimeSpan Lateness { get; init; }

    /// <summary>
    /// How far beyond its interval the most overdue value is that waits, or that nobody answered in its turn, to a minute. Of an edge: how long it
    /// has the oldest. Zero while there is none.
    /// </summary>
    public TimeSpan Overdue { get; init; }

    /// <summary>The most of <see cref="Overdue"/> by which the interval is kept.</summary>
    public TimeSpan OverdueLimit { get; init; }

    /// <summary>Contacts that are left out now, as they answered none of several STOREs.</summary>
    public int LeftOut { get; init; }

    /// <summary>Whether a value waits for so long that its interval is missed.</summary>
    public bool MissesInterval => Overdue > OverdueLimit;

    /// <summary>
    /// That of several nodes: the sum of the sweeps under way, or else of the last ones. Null if none of them tells.
    /// </summary>
    internal static SweepProgress? Combine(IEnumerable<SweepProgress?> nodes)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        List<SweepProgress> all = [.. nodes.OfType<SweepProgress>()];
        if (all.Count == 0)
        {
            return null;
        }

        var underWay = all.FindAll(static one => one.Waiting > 0);
        var shown = underWay.Count > 0 ? underWay : all;
        var worst = all.MaxBy(static one => one.Overdue - one.OverdueLimit)!;
        return new SweepProgress
        {
            At = all.Min(static one => one.At),
            IsLooking = all.Exists(static one => one.IsLooking),
            BegunAt = shown.Min(static one => one.BegunAt),
            EndedAt = underWay.Count > 0 ? null : shown.Max(static one => one.EndedAt),
            Values = shown.Sum(static one => one.Values),
            Waiting = shown.Sum(static one => one.Waiting),
            Republished = shown.Sum(static one => one.Republished),
            Published = shown.Sum(static one => one.Published),
            Regions = shown.Sum(static one => one.Regions),
            RegionsDone = shown.Sum(static one => one.RegionsDone),
            Lateness = shown.Max(static one => one.Lateness),
            Overdue = worst.Overdue,
            OverdueLimit = worst.OverdueLimit,
            LeftOut = all.Sum(static one => one.LeftOut),
        };
    }
}
