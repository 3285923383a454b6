namespace KadOrleans.Node.Trust;

/// <summary>Why an endpoint is a candidate for the routing table. Each kind has its part of the pings.</summary>
internal enum CandidateKind
{
    /// <summary>Its bucket has room, or too few wait for a place there.</summary>
    Newcomer,

    /// <summary>A contact with its id is known at another endpoint.</summary>
    Claim,

    /// <summary>Enough wait for a place in its bucket. It may take the place of the one that has waited longest.</summary>
    Spare,
}
