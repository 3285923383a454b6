namespace KadOrleans.Core.Routing;

/// <summary>What was seen of a contact or a range.</summary>
public enum ObservationKind
{
    /// <summary>The contact answered a request of ours and so proved its endpoint; see <see cref="ContactObservation.Answered"/>.</summary>
    Answered,

    /// <summary>The contact left a request of ours unanswered.</summary>
    Failed,

    /// <summary>A lookup for a target began.</summary>
    LookedUp,
}
