namespace KadOrleans.Core.Lookups;

/// <summary>Why a lookup ended.</summary>
public enum TerminationReason
{
    /// <summary>The k nearest contacts that answer have answered.</summary>
    Converged,

    /// <summary>A value was found.</summary>
    ValueFound,

    /// <summary>There was nobody to ask.</summary>
    NoContacts,

    /// <summary>Everybody known was asked and nobody answered.</summary>
    NobodyAnswered,

    /// <summary>The bound on requests was reached; somebody may be leading the lookup astray.</summary>
    RequestLimit,

    /// <summary>The caller gave up.</summary>
    Cancelled,
}
