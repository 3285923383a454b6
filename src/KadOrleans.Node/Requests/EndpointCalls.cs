using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Wire;

namespace KadOrleans.Node.Requests;

/// <summary>A PING. Its response proves an endpoint and has its id.</summary>
/// <param name="destination">The endpoint.</param>
/// <param name="expectedId">Its id, if known.</param>
/// <param name="sender">Our id.</param>
/// <param name="onEnd">Gets the id; null without a response, or from a client.</param>
/// <param name="onUnresponsive">Called when the retry timeout is over; null if not needed.</param>
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

/// <summary>A STUN: asks for our address as the remote node sees it.</summary>
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

/// <summary>A STORE of one value at one contact.</summary>
/// <param name="contact">Where to.</param>
/// <param name="request">What.</param>
/// <param name="onEnd">Gets whether the contact took the value, or why there was no response.</param>
internal sealed class StoreCall(Contact contact, StoreRequest request, Action<bool, RequestFailure?> onEnd)
    : OutgoingRequest(contact.Endpoint, contact.Id)
{
    public override RequestKind Kind => RequestKind.Store;

    public override int Write(Span<byte> destination, MessageId id) =>
        RequestWriter.TryWriteStore(destination, id, request, out var length) ? length : 0;

    public override bool TryComplete(ReadOnlySpan<byte> body)
    {
        if (!ResponseReader.TryReadStored(body, out var stored))
        {
            return false;
        }

        onEnd(stored, null);
        return true;
    }

    public override void OnFailed(RequestFailure failure) => onEnd(false, failure);
}

/// <summary>A FIND_VALUE that asks one contact alone whether it holds a key.</summary>
/// <param name="contact">The contact.</param>
/// <param name="request">The key.</param>
/// <param name="onEnd">Gets whether there was a response, and the value if it has one.</param>
internal sealed class HolderCall(Contact contact, FindValueRequest request, Action<bool, DhtValue?> onEnd)
    : OutgoingRequest(contact.Endpoint, contact.Id)
{
    public override RequestKind Kind => RequestKind.FindValue;

    public override int Write(Span<byte> destination, MessageId id) => RequestWriter.WriteFindValue(destination, id, request);

    public override bool TryComplete(ReadOnlySpan<byte> body)
    {
        if (!ResponseReader.TryReadFindValue(body, [], out _, out var value))
        {
            return false;
        }

        onEnd(true, value.Kind == DhtValueKind.None ? default(DhtValue?) : value);
        return true;
    }

    public override void OnFailed(RequestFailure failure) => onEnd(false, null);
}
