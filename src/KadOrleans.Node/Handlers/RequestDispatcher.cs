using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;
using KadOrleans.Node.Diagnostics;
using KadOrleans.Node.Ports;
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
    SourceLimiter limiter,
    AddressRangeSet trusted,
    IAnswerGate gate,
    NodeMetrics metrics,
    TimeProvider time,
    bool clientOnly,
    LateAnswers late)
{
    /// <summary>The longest answer: 64 contacts, or the longest value behind its header.</summary>
    private const int AnswerLength = Datagram.MaxLength + 256;

    [ThreadStatic]
    private static byte[]? _answerBuffer;

    // Made once, as it would be made anew for each STORE.
    private Action<StoreResult, RequestContext>? _answerStore;

    /// <summary>Handles one request; never throws for anything that a stranger can send.</summary>
    public void Dispatch(MessageId id, ReadOnlySpan<byte> body, int requestLength, UdpEndpoint source, IAnswerRoute route)
    {
        if (!source.IsUnicast)
        {
            // An answer, or the ping before it, would go to nobody or to a whole network.
            metrics.Refused(RefusalReason.UnreachableSource);
            return;
        }

        var isTrusted = trusted.Contains(source);
        if (!isTrusted && !limiter.TryAdmit(source, time.GetUtcNow()))
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
        var context = new RequestContext(id, source, route, isTrusted);
        if (clientOnly)
        {
            Send(ClientHandler.Answer(AnswerBuffer, request.Kind, context), requestLength, request.Kind, default, context);
        }
        else
        {
            Route(request, requestLength, context);
        }
    }

    /// <summary>Answers a request that was held until its sender proved its address.</summary>
    public void AnswerHeld(Trust.HeldRequest held, UdpEndpoint source)
    {
        var context = new RequestContext(held.Id, source, held.Route, trusted.Contains(source));
        switch (held.Kind)
        {
            case RequestKind.FindNode:
                Send(findNode.Answer(AnswerBuffer, held.Target, context), int.MaxValue, held.Kind, held.Target, context);
                break;
            case RequestKind.FindValue:
                FindValue(held.Target, int.MaxValue, context);
                break;
            case RequestKind.Stun:
                // Long for its request only from a long IPv6 address.
                Send(StunHandler.Answer(AnswerBuffer, context), int.MaxValue, held.Kind, default, context);
                break;
            default:
                throw new InvalidOperationException($"The answer to {held.Kind} is always short.");
        }
    }

    private static Span<byte> AnswerBuffer => _answerBuffer ??= new byte[AnswerLength];

    private void Route(Request request, int requestLength, RequestContext context)
    {
        switch (request.Kind)
        {
            case RequestKind.Ping:
                Ping(request.AsPing(), requestLength, context);
                break;
            case RequestKind.Stun:
                Send(StunHandler.Answer(AnswerBuffer, context), requestLength, request.Kind, default, context);
                break;
            case RequestKind.FindNode:
                FindNode(request.AsFindNode(), requestLength, context);
                break;
            case RequestKind.FindValue:
                FindValue(request.AsFindValue(), requestLength, context);
                break;
            default:
                Store(request.AsStore(), context);
                break;
        }
    }

    private void Ping(PingRequest request, int requestLength, RequestContext context)
    {
        Send(ping.Answer(AnswerBuffer, context), requestLength, RequestKind.Ping, default, context);
        Consider(request.Sender, context);
    }

    private void FindNode(FindNodeRequest request, int requestLength, RequestContext context)
    {
        var length = findNode.Answer(AnswerBuffer, request.Target, context);
        Send(length, requestLength, RequestKind.FindNode, request.Target, context);
        Consider(request.Sender, context);
    }

    private void FindValue(FindValueRequest request, int requestLength, RequestContext context)
    {
        FindValue(request.Key, requestLength, context);
        Consider(request.Sender, context);
    }

    // The answer goes first: whoever asked waits for it, and the ping that may follow concerns only us.
    private void Consider(NodeId sender, RequestContext context) => gate.Consider(new Contact(sender, context.Source));

    private void FindValue(NodeId key, int requestLength, RequestContext context)
    {
        if (late.IsFull)
        {
            metrics.Refused(RefusalReason.Busy);
            return;
        }

        var found = findValue.FindAsync(key);
        if (found.IsCompletedSuccessfully)
        {
            AnswerFindValue(key, found.Result, requestLength, context);
        }
        else
        {
            late.Add(AnswerFindValueAsync(key, found, requestLength, context));
        }
    }

    // A method of its own, as a local function would have every request pay for what only the late ones need.
    private async Task AnswerFindValueAsync(
        NodeId key, ValueTask<StoredValue?> found, int requestLength, RequestContext context) =>
        AnswerFindValue(key, await found, requestLength, context);

    private void AnswerFindValue(NodeId key, StoredValue? stored, int requestLength, RequestContext context) =>
        Send(findValue.Answer(AnswerBuffer, key, stored, context), requestLength, RequestKind.FindValue, key, context);

    private void Store(StoreRequest request, RequestContext context)
    {
        if (late.IsFull)
        {
            metrics.Refused(RefusalReason.Busy);
            return;
        }

        Consider(request.Sender, context);
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
        Send(StoreHandler.Answer(AnswerBuffer, result, context), int.MaxValue, RequestKind.Store, default, context);
    }

    private void Send(int length, int requestLength, RequestKind kind, NodeId target, RequestContext context)
    {
        if (length > 0)
        {
            gate.Answer(AnswerBuffer[..length], requestLength, new Trust.HeldRequest(context.Id, kind, target, context.Route), context);
        }
    }
}
