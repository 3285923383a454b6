using KadOrleans.Core;
using KadOrleans.Wire;

namespace KadOrleans.Fuzz.Engine;

/// <summary>A request of the node's that nothing was answered to.</summary>
internal sealed record PendingRequest(MessageId Id, UdpEndpoint Destination, RequestKind Kind, TimeSpan SentAt)
{
    /// <summary>The request and its retry: 1 or 2.</summary>
    public int Sendings { get; set; } = 1;
}
