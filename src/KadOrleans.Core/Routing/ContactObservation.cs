namespace KadOrleans.Core.Routing;

/// <summary>An observation for a routing table. Made where datagrams arrive, applied where the table is.</summary>
/// <param name="Kind">The kind of observation.</param>
/// <param name="Contact">Of whom; for <see cref="ObservationKind.LookedUp"/> only the id counts and is the target.</param>
internal readonly record struct ContactObservation(ObservationKind Kind, Contact Contact)
{
    /// <summary>
    /// The contact answered. The table trusts this, so report it only in two cases. Either the contact proved id and endpoint, by a PONG
    /// with that id from that endpoint. Or the table has it with both, and it answered any request.
    /// </summary>
    public static ContactObservation Answered(Contact contact) => new(ObservationKind.Answered, contact);

    /// <summary>The contact left a request, its retry included, unanswered.</summary>
    public static ContactObservation Failed(Contact contact) => new(ObservationKind.Failed, contact);

    /// <summary>The contact is to leave the table at once: it is banned, or its operator says so.</summary>
    public static ContactObservation Dropped(Contact contact) => new(ObservationKind.Dropped, contact);

    /// <summary>A lookup for <paramref name="target"/> began, which refreshes its bucket (Kademlia §2.3).</summary>
    public static ContactObservation LookedUp(NodeId target) => new(ObservationKind.LookedUp, new Contact(target, default));
}

/// <summary>The kinds of observations.</summary>
internal enum ObservationKind
{
    /// <summary>The contact answered a request of ours and so proved its endpoint; see <see cref="ContactObservation.Answered"/>.</summary>
    Answered,

    /// <summary>The contact left a request of ours unanswered.</summary>
    Failed,

    /// <summary>A lookup for a target began.</summary>
    LookedUp,

    /// <summary>The contact is to leave the table, whether it answers or not.</summary>
    Dropped,
}
