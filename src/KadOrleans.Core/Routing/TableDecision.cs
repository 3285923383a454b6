namespace KadOrleans.Core.Routing;

/// <summary>What became of an observation, and what the caller should now do.</summary>
/// <param name="Outcome">What became of it.</param>
public readonly record struct TableDecision(TableOutcome Outcome)
{
    /// <summary>
    /// The contact that entered the table: the observed one, or the replacement that took a dropped one's place. It is
    /// due for the hand-over of values (Kademlia §2.5).
    /// </summary>
    public Contact? Added { get; init; }

    /// <summary>Further replacements that found a place in the same step; nearly always none.</summary>
    public IReadOnlyList<Contact> AlsoAdded { get => field ?? []; init; }

    /// <summary>
    /// The contact that left the table: one that failed too often, or the former id of an endpoint that now answers
    /// with another.
    /// </summary>
    public Contact? Dropped { get; init; }

    /// <summary>
    /// A contact to ping now and to report as answered or failed: the one whose place a newcomer wants, or the known
    /// endpoint of an id that now answers elsewhere.
    /// </summary>
    public Contact? Check { get; init; }
}
