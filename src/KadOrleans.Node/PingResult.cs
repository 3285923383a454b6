using KadOrleans.Core;
using KadOrleans.Node.Requests;

namespace KadOrleans.Node;

/// <summary>What a ping came to.</summary>
/// <param name="Id">The id that answered; null without an answer, or from a client that has none.</param>
/// <param name="Failure">Why there was no answer; null if there was one.</param>
/// <param name="RoundTrip">Time from the first sending to the answer or to the end of patience.</param>
public sealed record PingResult(NodeId? Id, RequestFailure? Failure, TimeSpan RoundTrip)
{
    /// <summary>Whether somebody answered.</summary>
    public bool Answered => Failure is null;
}
