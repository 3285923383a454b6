namespace KadOrleans.Node;

internal sealed class EndpointQueries(RequestTable requests, NodeId ownId)
{
    public Task<(NodeId? Id, RequestFailure? Failure)> PingAsync(UdpEndpoint endpoint, CancellationToken cancellationToken) =>
        SendAsync<(NodeId?, RequestFailure?)>(
            end => new PingCall(endpoint, null, ownId, (_, id, failure) => end((id, failure))), cancellationToken);

    /// <summary>The contacts that one contact names for a target, unproved; none without a response.</summary>
    public Task<IReadOnlyList<Contact>> FindNodeAsync(Contact contact, NodeId target, CancellationToken cancellationToken) =>
        SendAsync<IReadOnlyList<Contact>>(
            end => new EndpointCall<IReadOnlyList<Contact>>(
                RequestKind.FindNode,
                contact.Endpoint,
                contact.Id,
                (destination, id) => RequestWriter.Write(destination, id, RequestKind.FindNode, ownId, target, asksForToken: true),
                TryReadNodes,
                (_, named, failure) => end(failure is null ? named! : []),
                asksForToken: true),
            cancellationToken);

    public Task<UdpEndpoint?> StunAsync(UdpEndpoint endpoint, CancellationToken cancellationToken) => SendAsync<UdpEndpoint?>(
        end => new EndpointCall<UdpEndpoint>(
            RequestKind.Stun,
            endpoint,
            expectedId: null,
            (destination, id) => RequestWriter.Write(destination, id, RequestKind.Stun),
            ResponseReader.TryReadStun,
            (_, seen, failure) => end(failure is null ? seen : null)),
        cancellationToken);

    public Task<KeyHolder> FindValueAsync(Contact contact, NodeId key, CancellationToken cancellationToken) => SendAsync<KeyHolder>(
        end => new EndpointCall<DhtValue>(
            RequestKind.FindValue,
            contact.Endpoint,
            contact.Id,
            (destination, id) => RequestWriter.Write(destination, id, RequestKind.FindValue, ownId, key, asksForToken: true),
            static (body, out value) => ResponseReader.TryReadFindValue(body, [], out _, out value),
            (_, value, failure) => end(
                new KeyHolder(contact, failure is null, value.Kind == DhtValueKind.None ? default(DhtValue?) : value)),
            asksForToken: true),
        cancellationToken);

    private static bool TryReadNodes(ReadOnlySpan<byte> body, out IReadOnlyList<Contact> named)
    {
        Span<Contact> contacts = stackalloc Contact[FindCall.MaxContacts];
        var isRead = ResponseReader.TryReadNodes(body, contacts, out var count);
        named = [.. contacts[..(isRead ? count : 0)]];
        return isRead;
    }

    private async Task<T> SendAsync<T>(Func<Action<T>, OutgoingRequest> create, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);

        // A request that could not be sent has ended, and is cancelled all the same.
        var call = create(result => answer.TrySetResult(result));
        requests.Send(call);
        using (cancellationToken.UnsafeRegister(_ => requests.Cancel(call), null))
        {
            return await answer.Task;
        }
    }
}

/// <summary>A PING. Its response proves an endpoint and has its id, unless that is a client's. A crawl asks for no token.</summary>
internal sealed class PingCall(
    UdpEndpoint destination,
    NodeId? expectedId,
    NodeId sender,
    Action<OutgoingRequest, NodeId?, RequestFailure?> onEnd,
    Action? onUnresponsive = null,
    bool asksForToken = true,
    bool retriesUnresponsive = true)
    : EndpointCall<NodeId?>(
        RequestKind.Ping,
        destination,
        expectedId,
        (buffer, id) => RequestWriter.Write(buffer, id, RequestKind.Ping, sender, asksForToken: asksForToken),
        TryReadPong,
        onEnd,
        onUnresponsive,
        asksForToken)
{
    public override bool RetriesUnresponsive => retriesUnresponsive;

    private static bool TryReadPong(ReadOnlySpan<byte> body, out NodeId? id)
    {
        id = ResponseReader.TryReadPong(body, out var known) ? known : null;
        return id is not null || ResponseReader.IsEmptyPong(body);
    }
}

/// <summary>Ends with one answer or the failure. The writer returns 0 for what cannot be written.</summary>
internal class EndpointCall<T>(
    RequestKind kind,
    UdpEndpoint destination,
    NodeId? expectedId,
    EndpointCall<T>.Writer write,
    EndpointCall<T>.Reader read,
    Action<OutgoingRequest, T?, RequestFailure?> onEnd,
    Action? onUnresponsive = null,
    bool asksForToken = false)
    : OutgoingRequest(destination, expectedId)
{
    public delegate int Writer(Span<byte> destination, MessageId id);

    public delegate bool Reader(ReadOnlySpan<byte> body, out T answer);

    public override RequestKind Kind => kind;

    public override bool AsksForToken => asksForToken;

    public override int Write(Span<byte> destination, MessageId id) => write(destination, id);

    public override bool TryComplete(ReadOnlySpan<byte> body)
    {
        if (!read(body, out var answer))
        {
            return false;
        }

        onEnd(this, answer, null);
        return true;
    }

    public override void OnUnresponsive() => onUnresponsive?.Invoke();

    public override void OnFailed(RequestFailure failure) => onEnd(this, default, failure);
}
