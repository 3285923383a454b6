namespace KadOrleans.Core.Routing;

/// <summary>The result of an observation, and what the caller should now do.</summary>
internal readonly record struct TableDecision(TableOutcome Outcome)
{
    /// <summary>The contact that entered the table, or the replacement that took a place. It is due for hand-off (Kademlia §2.5).</summary>
    public Contact? Added { get; init; }

    /// <summary>Further replacements that found a place in the same step; nearly always none.</summary>
    public IReadOnlyList<Contact> AlsoAdded { get => field ?? []; init; }

    /// <summary>
    /// The contact that left the table: one that failed too often, or the former id of an endpoint that now answers with another.
    /// </summary>
    public Contact? Dropped { get; init; }

    /// <summary>A contact to ping now: one whose place another wants, or the known endpoint of an id that answers elsewhere.</summary>
    public Contact? Check { get; init; }
}

internal enum TableOutcome
{
    Added,

    Refreshed,

    /// <summary>The bucket is full of older contacts; the new one waits for a place (Kademlia §4.1).</summary>
    KeptAsReplacement,

    /// <summary>The id is in the table under another endpoint, which stays until it fails; the new one waits.</summary>
    AddressConflict,

    RefusedOwnId,

    RefusedEndpoint,

    RefusedDiversity,

    Failed,

    Dropped,

    /// <summary>The contact failed too often and a replacement took its place.</summary>
    Replaced,

    ReplacementDropped,

    Unknown,

    LookedUp,
}
