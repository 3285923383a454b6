namespace KadOrleans.Node;

// The wall clock was wrong and is right now. Times that it noted in these stretches, by itself, are moved to the present lead. Otherwise all
// values stored before NTP set the clock would expire together.
internal sealed record ClockCorrection
{
    /// <param name="stretches">What is to be moved.</param>
    /// <param name="lead">The present lead, which is above all of theirs.</param>
    public ClockCorrection(IEnumerable<ClockStretch> stretches, long lead) =>
        (Stretches, Lead) = ([.. stretches.OrderBy(static stretch => stretch.Lead)], lead);

    // The one that moves farthest first: where two stretches noted the same time, nobody knows by which a value was stored, and the longer life
    // loses nothing.
    public IReadOnlyList<ClockStretch> Stretches { get; }

    public long Lead { get; }

    /// <summary>By how much the clock was wrong, at most.</summary>
    public TimeSpan By => Stretches is [var first, ..] ? Over(first) : TimeSpan.Zero;

    // Null if its times are right. A value moves if the wrong clock stored it and its life could have begun by that clock, or by another wrong
    // one: upkeep notes anew when a value was stored, and leaves its end. A value of an earlier run that was stored again has the right end.
    // Until when an item is kept its keeper has said; that it is so stays as it is.
    public StoredValue? Move(StoredValue value, TimeSpan timeToLive)
    {
        if (Stretches.FirstOrDefault(stretch => stretch.Contains(value.StoredAt)) is not { } noted)
        {
            return null;
        }

        if (value.IsKept)
        {
            return value with { StoredAt = value.StoredAt + Over(noted), IsKept = false };
        }

        var begun = Stretches.FirstOrDefault(stretch => stretch.Contains(value.StoredAt) && IsWithin(stretch))
            ?? Stretches.FirstOrDefault(stretch => value.ExpiresAt >= stretch.Since && IsWithin(stretch));
        return begun is null ? null : value with { StoredAt = value.StoredAt + Over(noted), ExpiresAt = value.ExpiresAt + Over(begun) };

        bool IsWithin(ClockStretch stretch) => value.ExpiresAt <= stretch.Until + timeToLive;
    }

    public DateTimeOffset? Move(DateTimeOffset publishedAt) =>
        Stretches.FirstOrDefault(stretch => stretch.Contains(publishedAt)) is { } noted ? publishedAt + Over(noted) : null;

    private TimeSpan Over(ClockStretch stretch) => TimeSpan.FromTicks(Lead - stretch.Lead);
}
