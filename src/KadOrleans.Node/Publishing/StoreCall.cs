namespace KadOrleans.Node;

/// <summary>A STORE. Its retry bears the same token and mark: the message id has them, and the rest of it is drawn anew.</summary>
internal sealed class StoreCall(Contact contact, StoreRequest store, WriteToken token, bool isAuthored, Action<StoreAnswer?> onEnd)
    : OutgoingRequest(contact.Endpoint, contact.Id)
{
    public override RequestKind Kind => RequestKind.Store;

    public override MessageId CreateId(IRandomSource random) => MessageId.Bearing(token, isAuthored, random);

    public override int Write(Span<byte> destination, MessageId id) =>
        RequestWriter.TryWriteStore(destination, id, store, out var length) ? length : 0;

    public override bool TryComplete(ReadOnlySpan<byte> body)
    {
        if (!ResponseReader.TryReadStored(body, out var isStored))
        {
            return false;
        }

        onEnd(new StoreAnswer(isStored, ResponseReader.TryReadToken(body, out var renewed) && !renewed.IsNone));
        return true;
    }

    public override void OnUnresponsive()
    {
        // The retry follows.
    }

    public override void OnFailed(RequestFailure failure) => onEnd(null);
}

/// <summary>The answer to a STORE, and whether it brought another token: a contact that knows the token's key gives one.</summary>
internal readonly record struct StoreAnswer(bool IsStored, bool IsRenewed);
