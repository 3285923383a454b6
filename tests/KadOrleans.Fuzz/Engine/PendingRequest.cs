using KadOrleans.Core;
using KadOrleans.Wire;

namespace KadOrleans.Fuzz.Engine;

/// <summary>One sending of a request of the node's that nothing was answered to; a retry is another.</summary>
internal sealed record PendingRequest(MessageId Id, UdpEndpoint Destination, RequestKind Kind, TimeSpan SentAt);
