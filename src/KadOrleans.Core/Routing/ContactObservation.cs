namespace KadOrleans.Core.Routing;

/// <summary>An observation for a routing table, from where datagrams arrive. Of a lookup only the id counts: its target.</summary>
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

internal enum ObservationKind
{
    Answered,

    Failed,

    LookedUp,

    Dropped,
}
