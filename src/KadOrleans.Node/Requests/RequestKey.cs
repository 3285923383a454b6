using KadOrleans.Core;
using KadOrleans.Wire;

namespace KadOrleans.Node.Requests;

/// <summary>An answer counts only with the id that was sent and from the endpoint it was sent to.</summary>
internal readonly record struct RequestKey(MessageId Id, UdpEndpoint Destination);
