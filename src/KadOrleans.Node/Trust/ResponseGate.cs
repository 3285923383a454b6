namespace KadOrleans.Node;

/// <summary>The trust rules. An unproven address draws at most twice its bytes, pings included; a proven one its rate.</summary>
internal sealed class ResponseGate(
    IRoutingTable table,
    Strangers strangers,
    Prober prober,
    UploadBudget budget,
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

        metrics.Shortened.Add();
        request.Route.Send(response, request.Source);
    }

    public void Hold(in StoreRequest request, in RequestSource context) =>
        strangers.Hold(new PendingRequest(RequestKind.Store, request.Key, context) { Store = request });

    public void Hold(RequestKind kind, NodeId target, in RequestSource context) => strangers.Hold(new PendingRequest(kind, target, context));

    public static int AllowanceOf(PendingRequest request) =>
        (MaxAmplification * request.Length) - (request.IsPinged ? Strangers.PingLength : 0);

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
        var hasRoomForPing = left >= Strangers.PingLength;

        // STUN has no sender id, and a client needs no contacts.
        if (left < 0 || (!hasRoomForPing && !clientOnly && kind != RequestKind.Stun))
        {
            Hold(kind, target, context);
            return;
        }

        // The ping goes first: a Python node answers it before it hands values off to a new contact.
        if (hasRoomForPing && !clientOnly)
        {
            strangers.TryPing(context.Source, context.Route);
        }

        if (budget.TrySendToStranger(response.Length))
        {
            context.Respond(response);
        }
        else
        {
            metrics.Refused(RefusalReason.ByteBudget);
        }
    }

    // Null for what is no contact, or is known.
    private CandidateKind? Classify(Contact sender)
    {
        var snapshot = table.Snapshot;
        if (sender.Id == snapshot.OwnId || sender.Id == DhtNode.ClientId || !sender.Endpoint.IsUnicast)
        {
            return null;
        }

        return snapshot.TryGet(sender.Id, out var known) ? (known == sender ? null : CandidateKind.Claim)
            : snapshot.WouldAccept(sender.Id) ? CandidateKind.Newcomer : CandidateKind.Spare;
    }
}
