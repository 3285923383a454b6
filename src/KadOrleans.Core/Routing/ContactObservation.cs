namespace KadOrleans.Core.Routing;

/// <summary>What a routing table learns, from where datagrams arrive. Of a lookup only the id counts: its target.</summary>
internal readonly record struct ContactObservation(ObservationKind Kind, Contact Contact)
{
    // The table trusts this. The contact must have proved id and endpoint by a PONG, or the table must have it with both.
    public static ContactObservation Answered(Contact contact) => new(ObservationKind.Answered, contact);

    public static ContactObservation Failed(Contact contact) => new(ObservationKind.Failed, contact);

    public static ContactObservation Dropped(Contact contact) => new(ObservationKind.Dropped, contact);

    /// <summary>A lookup of a target refreshes its bucket (Kademlia §2.3).</summary>
    public static ContactObservation LookedUp(NodeId target) => new(ObservationKind.LookedUp, new Contact(target, default));
}

internal enum ObservationKind
{
    Answered,
    Failed,
    LookedUp,
    Dropped,
}
