namespace KadOrleans.Core.Routing;

/// <summary>The result of an observation, and what the caller should now do.</summary>
/// <param name="Outcome">The result.</param>
internal readonly record struct TableDecision(TableOutcome Outcome)
{
    /// <summary>
    /// The contact that entered the table: the observed one, or the replacement that took a dropped one's place. It is due for hand-off
    /// (Kademlia §2.5).
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
    /// A contact to ping now and to report as answered or failed. It is the one whose place a new contact wants, or the known endpoint of
    /// an id that now answers elsewhere.
    /// </summary>
    public Contact? Check { get; init; }
}

/// <summary>The results of an observation.</summary>
internal enum TableOutcome
{
    /// <summary>The contact is new and in the table.</summary>
    Added,

    /// <summary>The contact was in the table and is now its bucket's most recently seen.</summary>
    Refreshed,

    /// <summary>The bucket is full of older contacts; the new one waits for a place (Kademlia §4.1).</summary>
    KeptAsReplacement,

    /// <summary>The id is in the table under another endpoint, which stays until it fails; the new one waits.</summary>
    AddressConflict,

    /// <summary>The id is our own.</summary>
    RefusedOwnId,

    /// <summary>The endpoint cannot be a node's: port 0, multicast, unspecified or reserved.</summary>
    RefusedEndpoint,

    /// <summary>The contact's subnet has as many contacts in the bucket or the table as it may.</summary>
    RefusedDiversity,

    /// <summary>The contact failed, but not often enough to be dropped.</summary>
    Failed,

    /// <summary>The contact failed too often and was dropped; no other took its place.</summary>
    Dropped,

    /// <summary>The contact failed too often and a replacement took its place.</summary>
    Replaced,

    /// <summary>The contact waited for a place, failed, and waits no longer.</summary>
    ReplacementDropped,

    /// <summary>The failed contact is not known under that id and endpoint.</summary>
    Unknown,

    /// <summary>The time of the lookup was noted.</summary>
    LookedUp,
}
