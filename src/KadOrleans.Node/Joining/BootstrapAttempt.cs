using KadOrleans.Core;

namespace KadOrleans.Node.Joining;

/// <summary>What came of one bootstrap node.</summary>
/// <param name="Address">The address as it was given.</param>
/// <param name="Endpoint">What it resolved to; null if it did not.</param>
/// <param name="Id">The id that answered; null if none did.</param>
/// <param name="Problem">One sentence why it was of no use; null if it answered.</param>
public sealed record BootstrapAttempt(string Address, UdpEndpoint? Endpoint, NodeId? Id, string? Problem)
{
    /// <summary>Whether this node's own id answered: itself, as when all nodes have the same list, or another with its id.</summary>
    public bool IsOwnId { get; init; }
}
