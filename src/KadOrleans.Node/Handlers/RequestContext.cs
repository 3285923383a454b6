using KadOrleans.Core;
using KadOrleans.Node.Ports;
using KadOrleans.Node.Trust;
using KadOrleans.Wire;

namespace KadOrleans.Node.Handlers;

/// <summary>What every handler is told beside the request itself.</summary>
/// <param name="Id">The id that the answer carries.</param>
/// <param name="Source">Where the request came from and the answer goes to.</param>
/// <param name="Length">Bytes of the request's datagram.</param>
/// <param name="Route">The route of the response.</param>
/// <param name="IsTrusted">Whether the source is in a trusted range.</param>
/// <param name="Verified">The source's rates, if it has proved its address and is not trusted.</param>
internal readonly record struct RequestContext(
    MessageId Id, UdpEndpoint Source, int Length, IResponseRoute Route, bool IsTrusted, VerifiedEndpoint? Verified)
{
    /// <summary>How long ago the request arrived, if it lay in a socket or waited for a proof.</summary>
    public TimeSpan Age { get; init; }

    /// <summary>Whether the response may wait for others until the route is flushed.</summary>
    public bool RespondsLater { get; init; }

    /// <summary>Whether nobody can have forged the source, or its owner is trusted.</summary>
    public bool IsProven => IsTrusted || Verified is not null;

    /// <summary>Sends the response.</summary>
    public bool Respond(ReadOnlySpan<byte> response) =>
        RespondsLater ? Route.SendLater(response, Source) : Route.Send(response, Source);
}
