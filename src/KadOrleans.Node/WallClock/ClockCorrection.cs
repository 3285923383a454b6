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

    // Null if the wrong clock did not store it. Its end moves too if its life could have begun by that clock, or by another wrong one: upkeep
    // notes anew when a value was stored, and leaves its end. The end that it does not move is of an earlier run, or of a clock that may yet turn
    // out to be wrong: then the value is found by when it was stored, in the stretch that this correction moves. Until when an item is kept its
    // keeper has said; that it is so stays as it is.
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
        return value with
        {
            StoredAt = value.StoredAt + Over(noted),
            ExpiresAt = begun is null ? value.ExpiresAt : value.ExpiresAt + Over(begun),
        };

        bool IsWithin(ClockStretch stretch) => value.ExpiresAt <= stretch.Until + timeToLive;
    }

    public DateTimeOffset? Move(DateTimeOffset publishedAt) =>
        Stretches.FirstOrDefault(stretch => stretch.Contains(publishedAt)) is { } noted ? publishedAt + Over(noted) : null;

    private TimeSpan Over(ClockStretch stretch) => TimeSpan.FromTicks(Lead - stretch.Lead);
}
