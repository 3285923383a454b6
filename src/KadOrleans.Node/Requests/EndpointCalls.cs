using KadOrleans.Core;
using KadOrleans.Wire;

namespace KadOrleans.Node.Requests;

/// <summary>A PING. Its response proves an endpoint and has its id, unless that is a client's.</summary>
internal sealed class PingCall(
    UdpEndpoint destination,
    NodeId? expectedId,
    NodeId sender,
    Action<PingCall, NodeId?, RequestFailure?> onEnd,
    Action? onUnresponsive = null)
    : OutgoingRequest(destination, expectedId)
{
    public override bool IsIntroduction => true;

    public override RequestKind Kind => RequestKind.Ping;

    public override int Write(Span<byte> destination, MessageId id) =>
        RequestWriter.WritePing(destination, id, new PingRequest(sender));

    public override bool TryComplete(ReadOnlySpan<byte> body)
    {
        if (ResponseReader.TryReadPong(body, out var id))
        {
            onEnd(this, id, null);
            return true;
        }

        if (ResponseReader.IsEmptyPong(body))
        {
            onEnd(this, null, null);
            return true;
        }

        return false;
    }

    public override void OnUnresponsive() => onUnresponsive?.Invoke();

    public override void OnFailed(RequestFailure failure) => onEnd(this, null, failure);
}

/// <summary>
/// A request of one endpoint that asks for a single answer. What cannot be written has the length 0, and a malformed response is not read.
/// The end has the answer, or why there is none.
/// </summary>
internal sealed class EndpointCall<T>(
    RequestKind kind,
    UdpEndpoint destination,
    NodeId? expectedId,
    EndpointCall<T>.Writer write,
    EndpointCall<T>.Reader read,
    Action<T?, RequestFailure?> onEnd)
    : OutgoingRequest(destination, expectedId)
{
    public delegate int Writer(Span<byte> destination, MessageId id);

    public delegate bool Reader(ReadOnlySpan<byte> body, out T answer);

    public override RequestKind Kind => kind;

    public override int Write(Span<byte> destination, MessageId id) => write(destination, id);

    public override bool TryComplete(ReadOnlySpan<byte> body)
    {
        if (!read(body, out var answer))
        {
            return false;
        }

        onEnd(answer, null);
        return true;
    }

    public override void OnFailed(RequestFailure failure) => onEnd(default, failure);
}
