using System.Diagnostics;

namespace KadOrleans.Node;

/// <summary>Decides which requests are handled: bans, rates, proofs. Forged requests use up no proven endpoint's rate.</summary>
internal sealed class RequestAdmission(
    RequestHandlers handlers,
    ResponseGate gate,
    AddressRangeSet trusted,
    VerifiedEndpoints verified,
    WriteGuard writes,
    OwnEndpoints own,
    BansInForce bans,
    SourceLimits limits,
    bool clientOnly,
    NodeMetrics metrics,
    TimeProvider time)
{
    private readonly SourceLimiter _strangers = new(limits);
    private readonly SourceLimiter _verifiedSubnets = new(limits);

    public void Use(SourceLimits changed)
    {
        _strangers.Use(changed);
        _verifiedSubnets.Use(changed);
    }

    /// <summary>Takes one request. Nothing that a stranger can send makes it throw.</summary>
    public void Receive(MessageId id, ReadOnlySpan<byte> body, int requestLength, UdpEndpoint source, IResponseRoute route, TimeSpan age)
    {
        // First: this process may be stopped anywhere below.
        var receivedAt = time.GetUtcNow();
        if (!source.IsUnicast || own.IsBound(source))
        {
            // A response or ping would reach nobody, a whole network, or this node itself.
            metrics.Refused(RefusalReason.UnreachableSource);
            return;
        }

        var isTrusted = trusted.Contains(source);
        var endpoint = isTrusted ? null : Find(source);
        if (!isTrusted && !IsWithinRates(source, endpoint, receivedAt))
        {
            metrics.Refused(RefusalReason.SourceLimit);
            return;
        }

        if (!Request.TryDecode(body, out var request))
        {
            metrics.Refused(RefusalReason.Malformed);
            return;
        }

        if (request.Kind != RequestKind.Stun && bans.Set.Contains(request.Sender))
        {
            metrics.Refused(RefusalReason.Banned);
            return;
        }

        if (endpoint is null && !isTrusted && own.IsOwn(new Contact(request.Sender, source)))
        {
            // Others see this node there: the datagram is forged, and what it draws would come back.
            metrics.Refused(RefusalReason.UnreachableSource);
            return;
        }

        metrics.Received(request.Kind);
        var token = CheckToken(request.Kind, id, source);
        var context = new RequestSource(id, source, requestLength, route, isTrusted, endpoint)
        {
            ReceivedAt = receivedAt,
            Age = age,
            AsksForToken = request.AsksForToken,
            Sender = request.Sender,
            Token = token,
        };
        if (clientOnly)
        {
            handlers.HandleAsClient(request.Kind, context);
        }
        else if (context.IsProven || token == TokenCheck.Valid)
        {
            // A token proves the address of a STORE without a ping. It has no port, so the endpoint stays unproven for all else.
            handlers.Handle(request, context);
        }
        else
        {
            ReceiveFromStranger(request, context);
        }
    }

    public void Proceed(PendingRequest pending)
    {
        var context = ContextOf(pending);
        switch (pending.Kind)
        {
            case RequestKind.FindNode:
                handlers.FindNode(pending.Target, context);
                break;
            case RequestKind.FindValue:
                handlers.FindValue(pending.Target, context);
                break;
            case RequestKind.Stun:
                handlers.Stun(context);
                break;
            case RequestKind.Store:
                handlers.Store(pending.Store, context);
                break;
            case RequestKind.Ping:
                throw new InvalidOperationException($"The response to {pending.Kind} is always short.");
            default:
                throw new UnreachableException($"No handler for {pending.Kind}.");
        }
    }

    /// <summary>Ends the wait for proof. FIND requests get the contacts that fit; others get no response.</summary>
    public void GiveUp(PendingRequest pending, RefusalReason reason)
    {
        switch (pending.Kind)
        {
            case RequestKind.FindNode or RequestKind.FindValue:
                handlers.FindNodeShortened(pending, ContextOf(pending));
                break;
            case RequestKind.Ping or RequestKind.Stun or RequestKind.Store:
                metrics.Refused(pending.Kind, reason);
                break;
            default:
                throw new UnreachableException($"No end of the wait for {pending.Kind}.");
        }
    }

    // A forged request stores nothing, and draws no read from storage and no call to a silo.
    private void ReceiveFromStranger(Request request, in RequestSource context)
    {
        switch (request.Kind)
        {
            case RequestKind.Store:
                var store = request.AsStore();
                if (!handlers.TryRefuse(store, context))
                {
                    gate.Hold(RequestKind.Store, store.Key, context, store);
                }

                break;
            case RequestKind.FindValue:
                if (!handlers.TryFindValue(request.Target, context))
                {
                    gate.Hold(RequestKind.FindValue, request.Target, context);
                }

                break;
            case RequestKind.Ping or RequestKind.Stun or RequestKind.FindNode:
                handlers.Handle(request, context);
                break;
            default:
                throw new UnreachableException($"No rule for {request.Kind} of a stranger.");
        }
    }

    private TokenCheck CheckToken(RequestKind kind, MessageId id, UdpEndpoint source)
    {
        if (kind != RequestKind.Store || clientOnly)
        {
            return TokenCheck.None;
        }

        var token = writes.Check(id, source);
        metrics.Add(NodeMetrics.StoreTokens, (int)token);
        return token;
    }

    private VerifiedEndpoint? Find(UdpEndpoint source) => verified.TryGet(source, out var found) ? found : null;

    private bool IsWithinRates(UdpEndpoint source, VerifiedEndpoint? endpoint, DateTimeOffset now) => endpoint is null
        ? _strangers.TryAdmit(source, now)
        : endpoint.TryAdmit(now) && _verifiedSubnets.TryAdmitSubnet(source, now);

    private RequestSource ContextOf(PendingRequest pending) => new(
        pending.Id, pending.Source, pending.Length, pending.Route, IsTrusted: false, Find(pending.Source))
    {
        // Before the age: of a process that is stopped in between, the age is too high.
        ReceivedAt = time.GetUtcNow(),
        Age = time.GetElapsedTime(pending.PendingSince),
        AsksForToken = pending.AsksForToken,
        Token = pending.Token,
    };
}

internal readonly record struct RequestSource(
    MessageId Id, UdpEndpoint Source, int Length, IResponseRoute Route, bool IsTrusted, VerifiedEndpoint? Verified)
{
    /// <summary>
    /// When its handling began. What it stores has this time, so that a process which is stopped meanwhile, and goes on, stores nothing as if it had
    /// come since.
    /// </summary>
    public DateTimeOffset ReceivedAt { get; init; }

    /// <summary>How long it lay in a socket or waited for a proof.</summary>
    public TimeSpan Age { get; init; }

    public bool RespondsLater { get; init; }

    /// <summary>Whether the response is to end with a write token.</summary>
    public bool AsksForToken { get; init; }

    /// <summary>The id that the request bears. None of one that has waited for a proof.</summary>
    public NodeId Sender { get; init; }

    /// <summary>What the token of a STORE says of its source; none of other requests.</summary>
    public TokenCheck Token { get; init; }

    /// <summary>Whether the source cannot be forged, or is trusted.</summary>
    public bool IsProven => IsTrusted || Verified is not null;

    public bool Respond(ReadOnlySpan<byte> response) =>
        RespondsLater ? Route.SendLater(response, Source) : Route.Send(response, Source);
}
