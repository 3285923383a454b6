namespace KadOrleans.Node;

/// <summary>Decides which requests are handled: bans, rates, proofs. Forged requests use up no proven endpoint's rate.</summary>
internal sealed class RequestAdmission(
    RequestHandlers handlers,
    ResponseGate gate,
    AddressRangeSet trusted,
    VerifiedEndpoints verified,
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
        if (!source.IsUnicast)
        {
            // A response or ping would reach nobody or a whole network.
            metrics.Refused(RefusalReason.UnreachableSource);
            return;
        }

        var isTrusted = trusted.Contains(source);
        var endpoint = isTrusted ? null : Find(source);
        if (!isTrusted && !IsWithinRates(source, endpoint))
        {
            metrics.Refused(RefusalReason.SourceLimit);
            return;
        }

        if (!Request.TryDecode(body, out var request, out _))
        {
            metrics.Refused(RefusalReason.Malformed);
            return;
        }

        if (request.Sender is { } sender && bans.Set.Contains(sender))
        {
            metrics.Refused(RefusalReason.Banned);
            return;
        }

        metrics.Received(request.Kind);
        var context = new RequestSource(id, source, requestLength, route, isTrusted, endpoint) { Age = age };
        if (clientOnly)
        {
            handlers.HandleAsClient(request.Kind, context);
        }
        else if (context.IsProven)
        {
            handlers.Handle(request, context);
        }
        else
        {
            ReceiveFromStranger(request, context);
        }
    }

    /// <summary>Handles a pending request whose sender has proved its address.</summary>
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
            default:
                throw new InvalidOperationException($"The response to {pending.Kind} is always short.");
        }
    }

    /// <summary>Ends the wait for proof. FIND requests get the contacts that fit; others get no response.</summary>
    public void GiveUp(PendingRequest pending, RefusalReason reason)
    {
        if (pending.Kind is RequestKind.FindNode or RequestKind.FindValue)
        {
            handlers.FindNodeShortened(pending, ContextOf(pending));
        }
        else
        {
            metrics.Refused(pending.Kind, reason);
        }
    }

    // A forged request stores nothing, and draws no read from storage and no call to a silo.
    private void ReceiveFromStranger(Request request, in RequestSource context)
    {
        switch (request.Kind)
        {
            case RequestKind.Store when !handlers.TryRefuse(request.AsStore(), context):
                gate.Hold(request.AsStore(), context);
                break;
            case RequestKind.FindValue when !handlers.TryFindValue(request.AsFindValue().Key, context):
                gate.Hold(RequestKind.FindValue, request.AsFindValue().Key, context);
                break;
            case RequestKind.Store or RequestKind.FindValue:
                break;
            default:
                handlers.Handle(request, context);
                break;
        }
    }

    private VerifiedEndpoint? Find(UdpEndpoint source) => verified.TryGet(source, out var found) ? found : null;

    private bool IsWithinRates(UdpEndpoint source, VerifiedEndpoint? endpoint)
    {
        var now = time.GetUtcNow();
        return endpoint is null
            ? _strangers.TryAdmit(source, now)
            : endpoint.TryAdmit(now) && _verifiedSubnets.TryAdmitSubnet(source, now);
    }

    private RequestSource ContextOf(PendingRequest pending) => new(
        pending.Id, pending.Source, pending.Length, pending.Route, IsTrusted: false, Find(pending.Source))
    {
        Age = time.GetElapsedTime(pending.PendingSince),
    };
}

/// <summary>A request's source, its length, and the route of its response.</summary>
internal readonly record struct RequestSource(
    MessageId Id, UdpEndpoint Source, int Length, IResponseRoute Route, bool IsTrusted, VerifiedEndpoint? Verified)
{
    /// <summary>How long it lay in a socket or waited for a proof.</summary>
    public TimeSpan Age { get; init; }

    public bool RespondsLater { get; init; }

    /// <summary>Whether the source cannot be forged, or is trusted.</summary>
    public bool IsProven => IsTrusted || Verified is not null;

    public bool Respond(ReadOnlySpan<byte> response) =>
        RespondsLater ? Route.SendLater(response, Source) : Route.Send(response, Source);
}
