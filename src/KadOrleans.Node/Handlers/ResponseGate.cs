namespace KadOrleans.Node;

/// <summary>The trust rules. An unproven address draws at most twice its bytes, pings included; a proven one its rate.</summary>
internal sealed class ResponseGate(
    IRoutingTable table,
    Strangers strangers,
    Prober prober,
    UploadBudget budget,
    OwnEndpoints own,
    NodeMetrics metrics,
    TimeProvider time,
    bool clientOnly)
{
    public const int MaxAmplification = 2;

    public void Consider(Contact sender)
    {
        if (Classify(sender) is { } kind)
        {
            prober.Consider(sender, kind);
        }
    }

    /// <summary>
    /// Considers the sender of a request that has its response. A stranger is pinged with that, and introduced when it answers: for a full bucket then
    /// alone, as each time would cost a check of the contact in its way. A trusted one is never asked for a proof, so what is no mere PING counts.
    /// </summary>
    public void Consider(in RequestSource request, bool isPing = false)
    {
        var sender = new Contact(request.Sender, request.Source);
        if (request.IsProven && Classify(sender) is { } kind && (IsWelcome(request) || (request.IsTrusted && !isPing)))
        {
            prober.Consider(sender, kind);
        }
    }

    /// <summary>A stranger answered a ping: it becomes a contact if the table wants it, within the candidates' rate.</summary>
    public void Introduce(Contact sender)
    {
        if (!clientOnly && (table.Snapshot.Contains(sender) || (Classify(sender) is { } kind && prober.TryTakeTurn(sender.Endpoint, kind))))
        {
            table.Observe(ContactObservation.Answered(sender));
        }
    }

    /// <summary>Sends the response, or holds the request if its source is unproven and the response much longer.</summary>
    public void Respond(ReadOnlySpan<byte> response, RequestKind kind, NodeId target, in RequestSource context)
    {
        if (context.IsTrusted)
        {
            context.Respond(response);
        }
        else if (context.Verified is { } verified)
        {
            RespondToVerified(response, verified, context);
        }
        else
        {
            RespondToStranger(response, kind, target, context);
        }
    }

    /// <summary>Sends a response within <see cref="AllowanceOf"/> to a request whose wait for a proof has ended.</summary>
    public void RespondShortened(ReadOnlySpan<byte> response, PendingRequest request)
    {
        if (!budget.TrySendToStranger(response.Length))
        {
            metrics.Refused(RefusalReason.ByteBudget);
            return;
        }

        metrics.Add(NodeMetrics.Shortened);
        request.Route.Send(response, request.Source);
    }

    public void Hold(RequestKind kind, NodeId target, in RequestSource context, StoreRequest store = default) =>
        strangers.Hold(new PendingRequest(kind, target, context) { Store = store });

    public static int AllowanceOf(PendingRequest request) =>
        (MaxAmplification * request.Length) - request.PingLength;

    private void RespondToVerified(ReadOnlySpan<byte> response, VerifiedEndpoint verified, in RequestSource context)
    {
        // Useless to an attacker, and silence would cost an honest peer a contact.
        if (response.Length <= context.Length)
        {
            verified.Spend(response.Length, time.GetUtcNow());
            budget.Spend(response.Length);
        }
        else if (!verified.TrySend(response.Length, time.GetUtcNow()) || !budget.TrySend(response.Length))
        {
            metrics.Refused(RefusalReason.ByteBudget);
            return;
        }

        context.Respond(response);
    }

    private void RespondToStranger(ReadOnlySpan<byte> response, RequestKind kind, NodeId target, in RequestSource context)
    {
        var left = (MaxAmplification * context.Length) - response.Length;
        var asksBack = context.AsksForToken && left >= Strangers.AskingPingLength;

        // A token has proved the address of a STORE, and many come at once: each would draw a ping.
        var needsProof = context.Token != TokenCheck.Valid && (kind != RequestKind.Ping || IsWelcome(context));
        var hasRoomForPing = left >= Strangers.PingLength;

        // STUN has no sender id, and a client needs no contacts.
        if (left < 0 || (needsProof && !hasRoomForPing && !clientOnly && kind != RequestKind.Stun))
        {
            Hold(kind, target, context);
            return;
        }

        // The ping goes first: a Python node answers it before it hands values off to a new contact.
        if (needsProof && hasRoomForPing && !clientOnly)
        {
            strangers.TryPing(context.Source, context.Route, asksBack);
        }

        if (context.Token == TokenCheck.Valid && response.Length <= context.Length)
        {
            // As to a proven endpoint: strangers use up no acknowledgement of a publisher.
            budget.Spend(response.Length);
        }
        else if (!budget.TrySendToStranger(response.Length))
        {
            metrics.Refused(RefusalReason.ByteBudget);
            return;
        }

        context.Respond(response);
    }

    // Whether a sender is looked at for the table alone, where its request needs no proof. For a full bucket that would cost a ping of the contact
    // that was silent for longest, too, which may not know this node and do the same. A contact that asks for a token has its address proved when it
    // asks for something that needs it. A known id at another endpoint, and a known endpoint under another id, are always looked at.
    private bool IsWelcome(in RequestSource request)
    {
        var snapshot = table.Snapshot;
        return snapshot.TryGet(request.Sender, out var known)
            ? known.Endpoint != request.Source || !request.AsksForToken
            : snapshot.HasPlaceFor(request.Sender) || (request.Sender != DhtNode.ClientId && snapshot.Contains(request.Source));
    }

    // Null for what is no contact, or is known.
    private CandidateKind? Classify(Contact sender)
    {
        var snapshot = table.Snapshot;
        if (sender.Id == snapshot.OwnId || sender.Id == DhtNode.ClientId || !sender.Endpoint.IsUnicast || own.IsOwn(sender))
        {
            return null;
        }

        return snapshot.TryGet(sender.Id, out var known) ? (known == sender ? null : CandidateKind.Claim)
            : snapshot.WouldAccept(sender.Id) ? CandidateKind.Newcomer : CandidateKind.Spare;
    }
}
