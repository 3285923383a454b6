using KadOrleans.Core;
using KadOrleans.Wire;

namespace KadOrleans.Node.Requests;

/// <summary>A STUN: asks under which address we are seen.</summary>
internal sealed class StunCall(UdpEndpoint destination, NodeId? expectedId, Action<UdpEndpoint?, RequestFailure?> onEnd)
    : OutgoingRequest(destination, expectedId)
{
    public override RequestKind Kind => RequestKind.Stun;

    public override int Write(Span<byte> destination, MessageId id) => RequestWriter.WriteStun(destination, id);

    public override bool TryComplete(ReadOnlySpan<byte> body)
    {
        if (!ResponseReader.TryReadStun(body, out var seen))
        {
            return false;
        }

        onEnd(seen, null);
        return true;
    }

    public override void OnFailed(RequestFailure failure) => onEnd(null, failure);
}
