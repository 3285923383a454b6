using KadOrleans.Core;
using KadOrleans.Node.Ports;
using KadOrleans.Wire;

namespace KadOrleans.Node.Handlers;

/// <summary>What every handler is told beside the request itself.</summary>
/// <param name="Id">The id that the answer carries.</param>
/// <param name="Source">Where the request came from and the answer goes to.</param>
/// <param name="Route">The way on which the answer goes there.</param>
/// <param name="IsTrusted">Whether the source is in a trusted range.</param>
internal readonly record struct RequestContext(MessageId Id, UdpEndpoint Source, IAnswerRoute Route, bool IsTrusted);
