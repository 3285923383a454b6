using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Diagnostics;
using KadOrleans.Node.Ports;
using KadOrleans.Node.Trust;
using KadOrleans.Wire;

namespace KadOrleans.Node.Handlers;

/// <summary>
/// Takes requests from the wire to their handlers and answers back to it: limits, decodes, dispatches. What cannot be
/// answered at once (a STORE until it is durable, a value that is not in memory) is answered later, within a bound.
/// </summary>
internal sealed class RequestDispatcher(
    PingHandler ping,
    StoreHandler store,
    FindNodeHandler findNode,
    FindValueHandler findValue,
    SourceAdmission sources,
    IAnswerGate gate,
    UploadBudget budget,
    NodeMetrics metrics,
    bool clientOnly,
    LateAnswers late,
    TimeProvider time)
{
    /// <summary>The longest answer: 64 contacts, or the longest value behind its header.</summary>
    private const int AnswerLength = Datagram.MaxLength + 256;

    /// <summary>
    /// A STORE that arrived longer ago is not done: its sender may have given it up, and stored another value elsewhere. Senders wait
    /// longer; a node that works reads its sockets within milliseconds, and proof is waited for <see cref="Strangers.StoreWait"/>.
    /// </summary>
    internal static readonly TimeSpan LongestLain = Strangers.StoreWait + TimeSpan.FromSeconds(0.5);

    [ThreadStatic]
    private static byte[]? _answerBuffer;

    // Made once, as it would be made anew for each STORE.
    private Action<StoreResult, RequestContext>? _answerStore;

    /// <summary>Handles one request; never throws for anything that a stranger can send.</summary>
    public void Dispatch(MessageId id, ReadOnlySpan<byte> body, int requestLength, UdpEndpoint source, IAnswerRoute route, TimeSpan lain)
    {
        if (!source.IsUnicast)
        {
            // An answer, or the ping before it, would go to nobody or to a whole network.
            metrics.Refused(RefusalReason.UnreachableSource);
            return;
        }

        var isTrusted = sources.IsTrusted(source);
        var verified = isTrusted ? null : sources.Find(source);
        if (!isTrusted && !sources.TryAdmit(source, verified))
        {
            metrics.Refused(RefusalReason.SourceLimit);
            return;
        }

        if (!Request.TryDecode(body, out var request, out _))
        {
            metrics.Refused(RefusalReason.Malformed);
            return;
        }

        metrics.Received(request.Kind);
        var context = new RequestContext(id, source, requestLength, route, isTrusted, verified) { Lain = lain };
        if (clientOnly)
        {
            Send(ClientHandler.Answer(AnswerBuffer, request.Kind, context), request.Kind, default, context);
        }
        else
        {
            Route(request, context);
        }
    }

    /// <summary>Handles a request that was held until its sender proved its address.</summary>
    public void Proceed(HeldRequest held)
    {
        var context = ContextOf(held);
        switch (held.Kind)
        {
            case RequestKind.FindNode:
                Send(findNode.Answer(AnswerBuffer, held.Target, context), held.Kind, held.Target, context);
                break;
            case RequestKind.FindValue:
                FindValue(held.Target, context);
                break;
            case RequestKind.Stun:
                Send(StunHandler.Answer(AnswerBuffer, context), held.Kind, default, context);
                break;
            case RequestKind.Store when IsLate(context):
                metrics.Refused(RefusalReason.Late);
                break;
            case RequestKind.Store:
                StoreProven(held.Store, context);
                break;
            default:
                throw new InvalidOperationException($"The answer to {held.Kind} is always short.");
        }
    }

    /// <summary>
    /// Does without the proof of a held request's sender: who asks for contacts or a value gets the nearest contacts that fit, and
    /// nobody else anything.
    /// </summary>
    public void GiveUp(HeldRequest held, RefusalReason reason)
    {
        if (held.Kind is not (RequestKind.FindNode or RequestKind.FindValue))
        {
            metrics.Refused(reason);
            return;
        }

        var length = findNode.AnswerWithin(AnswerGate.AllowanceOf(held), AnswerBuffer, held.Target, ContextOf(held));
        if (!budget.TrySendToStranger(length))
        {
            metrics.Refused(RefusalReason.ByteBudget);
            return;
        }

        metrics.Shortened();
        held.Route.SendAnswer(AnswerBuffer[..length], held.Source);
    }

    private RequestContext ContextOf(HeldRequest held) => new(
        held.Id, held.Source, held.Length, held.Route, IsTrusted: false, sources.Find(held.Source))
    {
        Lain = time.GetElapsedTime(held.HeldAt),
    };

    private static Span<byte> AnswerBuffer => _answerBuffer ??= new byte[AnswerLength];

    private void Route(Request request, RequestContext context)
    {
        switch (request.Kind)
        {
            case RequestKind.Ping:
                Send(ping.Answer(AnswerBuffer, context), RequestKind.Ping, default, context);
                Consider(request.AsPing().Sender, context);
                break;
            case RequestKind.Stun:
                Send(StunHandler.Answer(AnswerBuffer, context), RequestKind.Stun, default, context);
                break;
            case RequestKind.FindNode:
                FindNode(request.AsFindNode(), context);
                break;
            case RequestKind.FindValue:
                FindValue(request.AsFindValue().Key, context);
                Consider(request.AsFindValue().Sender, context);
                break;
            default:
                Store(request.AsStore(), context);
                break;
        }
    }

    private void FindNode(FindNodeRequest request, RequestContext context)
    {
        Send(findNode.Answer(AnswerBuffer, request.Target, context), RequestKind.FindNode, request.Target, context);
        Consider(request.Sender, context);
    }

    // The answer goes first: whoever asked waits for it, and the ping that may follow concerns only us. A stranger is pinged with
    // its answer, and considered when it answers that.
    private void Consider(NodeId sender, in RequestContext context)
    {
        if (context.IsProven)
        {
            gate.Consider(new Contact(sender, context.Source));
        }
    }

    private void FindValue(NodeId key, RequestContext context)
    {
        if (late.IsFull)
        {
            metrics.Refused(RefusalReason.Busy);
            AnswerFindValue(key, null, context);
            return;
        }

        var found = findValue.FindAsync(key);
        if (found.IsCompletedSuccessfully)
        {
            AnswerFindValue(key, found.Result, context);
        }
        else
        {
            late.Add(AnswerFindValueAsync(key, found, context));
        }
    }

    // A method of its own, as a local function would have every request pay for what only the late ones need.
    private async Task AnswerFindValueAsync(NodeId key, ValueTask<StoredValue?> found, RequestContext context)
    {
        StoredValue? stored = null;
        try
        {
            stored = await found;
        }
        catch (KeyStoreException e)
        {
            // The nearest contacts are an answer too, and whoever gets none thinks that this node is gone.
            late.OnFailed(e);
        }

        AnswerFindValue(key, stored, context);
    }

    private void AnswerFindValue(NodeId key, StoredValue? stored, RequestContext context) =>
        Send(findValue.Answer(AnswerBuffer, key, stored, context), RequestKind.FindValue, key, context);

    private void Store(StoreRequest request, RequestContext context)
    {
        if (IsLate(context))
        {
            metrics.Refused(RefusalReason.Late);
        }
        else if (context.IsProven)
        {
            Consider(request.Sender, context);
            StoreProven(request, context);
        }
        else if (StoreRules.Check(request.Value) is var rule && rule != StoreResult.Stored)
        {
            // Refused whoever sent it.
            AnswerStore(rule, context);
        }
        else
        {
            gate.Hold(request, context);
        }
    }

    private static bool IsLate(in RequestContext context) => context.Lain > LongestLain;

    private void StoreProven(StoreRequest request, RequestContext context)
    {
        if (late.IsFull)
        {
            metrics.Refused(RefusalReason.Busy);
            return;
        }

        var stored = store.StoreAsync(request, context);
        if (stored.IsCompletedSuccessfully)
        {
            AnswerStore(stored.Result, context);
        }
        else
        {
            late.Add(stored, context, _answerStore ??= AnswerStore);
        }
    }

    private void AnswerStore(StoreResult result, RequestContext context)
    {
        metrics.Stored(result);
        Send(StoreHandler.Answer(AnswerBuffer, result, context), RequestKind.Store, default, context);
    }

    private void Send(int length, RequestKind kind, NodeId target, in RequestContext context)
    {
        if (length > 0)
        {
            gate.Answer(AnswerBuffer[..length], kind, target, context);
        }
    }
}
