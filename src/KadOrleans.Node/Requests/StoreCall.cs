using KadOrleans.Core;
using KadOrleans.Wire;

namespace KadOrleans.Node.Requests;

/// <summary>A STORE of one value at one contact.</summary>
/// <param name="contact">Where to.</param>
/// <param name="request">What.</param>
/// <param name="onEnd">Told whether the contact took the value, or why there was no answer.</param>
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
