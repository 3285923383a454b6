using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;
using KadOrleans.Node.Diagnostics;
using KadOrleans.Node.Ports;
using KadOrleans.Node.Trust;
using KadOrleans.Wire;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Node.Handlers;

/// <summary>
/// Limits, decodes and dispatches requests, and sends the responses. Some responses come later: of a STORE when it is durable, of a value
/// that is not in memory. Their number is bounded.
/// </summary>
internal sealed class RequestDispatcher
{
    /// <summary>The longest response: 64 contacts, or the longest value behind its header.</summary>
    private const int MaxResponseLength = Datagram.MaxLength + 256;

    /// <summary>
    /// A STORE that arrived longer ago is refused: its sender may have timed out and stored another value elsewhere. A working node reads
    /// its sockets within milliseconds, and waits <see cref="Strangers.StoreWait"/> for proof. So only a frozen node refuses STOREs for
    /// this.
    /// </summary>
    internal static readonly TimeSpan MaxStoreAge = Strangers.StoreWait + TimeSpan.FromSeconds(0.5);

    [ThreadStatic]
    private static byte[]? _responseBuffer;

    private readonly RequestHandlers _handlers;
    private readonly SourceAdmission _sources;
    private readonly ResponseGate _gate;
    private readonly NodeMetrics _metrics;
    private readonly BansInForce _bans;
    private readonly bool _clientOnly;
    private readonly TimeProvider _time;
    private readonly DeferredResponses _deferred;

    public RequestDispatcher(
        RequestHandlers handlers,
        SourceAdmission sources,
        ResponseGate gate,
        NodeMetrics metrics,
        BansInForce bans,
        bool clientOnly,
        TimeProvider time,
        ILogger logger)
    {
        (_handlers, _sources, _gate, _metrics, _bans, _clientOnly, _time) = (handlers, sources, gate, metrics, bans, clientOnly, time);
        _deferred = new DeferredResponses(RespondToStore, RespondToFound, metrics, logger);
    }

    private static Span<byte> Buffer => _responseBuffer ??= new byte[MaxResponseLength];

    /// <summary>Completes when no response waits for storage.</summary>
    public Task DrainAsync() => _deferred.DrainAsync();

    /// <summary>Handles one request; never throws for anything that a stranger can send.</summary>
    public void Dispatch(MessageId id, ReadOnlySpan<byte> body, int requestLength, UdpEndpoint source, IResponseRoute route, TimeSpan age)
    {
        if (!source.IsUnicast)
        {
            // A response or ping would reach nobody or a whole network.
            _metrics.Refused(RefusalReason.UnreachableSource);
            return;
        }

        var isTrusted = _sources.IsTrusted(source);
        var verified = isTrusted ? null : _sources.Find(source);
        if (!isTrusted && !_sources.TryAdmit(source, verified))
        {
            _metrics.Refused(RefusalReason.SourceLimit);
            return;
        }

        if (!Request.TryDecode(body, out var request, out _))
        {
            _metrics.Refused(RefusalReason.Malformed);
            return;
        }

        if (request.Sender is { } sender && _bans.Set.Contains(sender))
        {
            _metrics.Refused(RefusalReason.Banned);
            return;
        }

        _metrics.Received(request.Kind);
        var context = new RequestContext(id, source, requestLength, route, isTrusted, verified) { Age = age };
        if (_clientOnly)
        {
            Send(RequestHandlers.WriteAsClient(Buffer, request.Kind, context), request.Kind, default, context);
        }
        else
        {
            Route(request, context);
        }
    }

    /// <summary>Handles a pending request whose sender has proved its address.</summary>
    public void Proceed(PendingRequest pending)
    {
        var context = ContextOf(pending);
        switch (pending.Kind)
        {
            case RequestKind.FindNode:
                Send(_handlers.WriteNodes(Buffer, pending.Target, context), pending.Kind, pending.Target, context);
                break;
            case RequestKind.FindValue:
                FindValue(pending.Target, context);
                break;
            case RequestKind.Stun:
                Send(RequestHandlers.WriteStun(Buffer, context), pending.Kind, default, context);
                break;
            case RequestKind.Store when IsTooOld(context):
                _metrics.Refused(RequestKind.Store, RefusalReason.Late);
                break;
            case RequestKind.Store:
                StoreProven(pending.Store, context);
                break;
            default:
                throw new InvalidOperationException($"The response to {pending.Kind} is always short.");
        }
    }

    /// <summary>
    /// Ends the wait for proof. Requests for contacts or a value get the nearest contacts that fit; others get no response.
    /// </summary>
    public void GiveUp(PendingRequest pending, RefusalReason reason)
    {
        if (pending.Kind is not (RequestKind.FindNode or RequestKind.FindValue))
        {
            _metrics.Refused(pending.Kind, reason);
            return;
        }

        var length = _handlers.WriteNodesWithin(ResponseGate.AllowanceOf(pending), Buffer, pending.Target, ContextOf(pending));
        _gate.RespondShortened(Buffer[..length], pending);
    }

    private RequestContext ContextOf(PendingRequest pending) => new(
        pending.Id, pending.Source, pending.Length, pending.Route, IsTrusted: false, _sources.Find(pending.Source))
    {
        Age = _time.GetElapsedTime(pending.PendingSince),
    };

    private void Route(Request request, in RequestContext context)
    {
        switch (request.Kind)
        {
            case RequestKind.Ping:
                Send(_handlers.WritePong(Buffer, context), RequestKind.Ping, default, context);
                Consider(request.AsPing().Sender, context);
                break;
            case RequestKind.Stun:
                Send(RequestHandlers.WriteStun(Buffer, context), RequestKind.Stun, default, context);
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

    private void FindNode(FindNodeRequest request, in RequestContext context)
    {
        Send(_handlers.WriteNodes(Buffer, request.Target, context), RequestKind.FindNode, request.Target, context);
        Consider(request.Sender, context);
    }

    // Sends the response first, as the sender waits for it, and then the ping. A stranger is pinged with its response, and considered when
    // it answers.
    private void Consider(NodeId sender, in RequestContext context)
    {
        if (context.IsProven)
        {
            _gate.Consider(new Contact(sender, context.Source));
        }
    }

    private void FindValue(NodeId key, in RequestContext context)
    {
        // Silence, as contacts would say that the value is absent.
        if (_deferred.IsFull)
        {
            _metrics.Refused(RefusalReason.Busy);
            return;
        }

        // A forged request draws no read from storage, and no call to a silo.
        if (!context.IsProven)
        {
            if (_handlers.TryFindValue(key, out var stored))
            {
                RespondToFindValue(key, stored, context);
            }
            else
            {
                _gate.Hold(RequestKind.FindValue, key, context);
            }

            return;
        }

        var found = _handlers.FindValueAsync(key);
        if (found.IsCompletedSuccessfully)
        {
            RespondToFindValue(key, found.Result, context);
        }
        else if (found.IsFaulted)
        {
            // Refused at once, as the storage is far behind: what is thrown for each would put the node behind too.
            var failure = found.AsTask().Exception!.InnerException!;
            _deferred.OnFailed(failure);
            if (failure is not KeyStoreException { IsBusy: true })
            {
                RespondToFindValue(key, null, context);
            }
        }
        else
        {
            _deferred.Add(key, found, context);
        }
    }

    private void RespondToFound(NodeId key, StoredValue? stored, RequestContext context) => RespondToFindValue(key, stored, context);

    private void RespondToFindValue(NodeId key, StoredValue? stored, in RequestContext context) =>
        Send(_handlers.WriteValue(Buffer, key, stored, context), RequestKind.FindValue, key, context);

    private void Store(StoreRequest request, in RequestContext context)
    {
        if (IsTooOld(context))
        {
            _metrics.Refused(RequestKind.Store, RefusalReason.Late);
        }
        else if (context.IsProven)
        {
            Consider(request.Sender, context);
            StoreProven(request, context);
        }
        else if (StoreRules.FindRefusal(request.Value) is { } refusal)
        {
            // Refused from any sender.
            RespondToStore(refusal, context);
        }
        else
        {
            _gate.Hold(request, context);
        }
    }

    private static bool IsTooOld(in RequestContext context) => context.Age > MaxStoreAge;

    private void StoreProven(StoreRequest request, in RequestContext context)
    {
        if (_deferred.IsFull)
        {
            _metrics.Refused(RequestKind.Store, RefusalReason.Busy);
            return;
        }

        var stored = _handlers.StoreAsync(request, context);
        if (stored.IsCompletedSuccessfully)
        {
            RespondToStore(stored.Result, context);
        }
        else
        {
            _deferred.Add(stored, context);
        }
    }

    private void RespondToStore(StoreResult result, RequestContext context)
    {
        _metrics.Stored(result);
        Send(RequestHandlers.WriteStored(Buffer, result, context), RequestKind.Store, default, context);
    }

    private void Send(int length, RequestKind kind, NodeId target, in RequestContext context)
    {
        if (length > 0)
        {
            _gate.Respond(Buffer[..length], kind, target, context);
        }
    }
}

/// <summary>
/// Decides whose requests are answered: those of trusted sources, and within the rates those of all others. Endpoints that have proved
/// their address have rates of their own. So forged requests use up an honest endpoint's rate only if they carry its very address and port.
/// </summary>
internal sealed class SourceAdmission(AddressRangeSet trusted, VerifiedEndpoints verified, SourceLimits limits, TimeProvider time)
{
    private readonly SourceLimiter _strangers = new(limits);
    private readonly SourceLimiter _verifiedSubnets = new(limits);

    /// <summary>Follows other rates from now on.</summary>
    public void Use(SourceLimits changed)
    {
        _strangers.Use(changed);
        _verifiedSubnets.Use(changed);
    }

    /// <summary>Whether a source is trusted.</summary>
    public bool IsTrusted(UdpEndpoint source) => trusted.Contains(source);

    /// <summary>The rates of a source that has proved its address; null for others.</summary>
    public VerifiedEndpoint? Find(UdpEndpoint source) => verified.TryGet(source, out var found) ? found : null;

    /// <summary>Whether one more request of a source that is not trusted is within the rates.</summary>
    public bool TryAdmit(UdpEndpoint source, VerifiedEndpoint? found)
    {
        var now = time.GetUtcNow();
        return found is null
            ? _strangers.TryAdmit(source, now)
            : found.TryAdmit(now) && _verifiedSubnets.TryAdmitSubnet(source, now);
    }
}

/// <summary>What every handler gets besides the request itself.</summary>
/// <param name="Id">The id of the response.</param>
/// <param name="Source">The request's source, which gets the response.</param>
/// <param name="Length">Bytes of the request's datagram.</param>
/// <param name="Route">The route of the response.</param>
/// <param name="IsTrusted">Whether the source is in a trusted range.</param>
/// <param name="Verified">The source's rates, if it has proved its address and is not trusted.</param>
internal readonly record struct RequestContext(
    MessageId Id, UdpEndpoint Source, int Length, IResponseRoute Route, bool IsTrusted, VerifiedEndpoint? Verified)
{
    /// <summary>How long ago the request arrived, if it lay in a socket or waited for a proof.</summary>
    public TimeSpan Age { get; init; }

    /// <summary>Whether the response may wait for others until the route is flushed.</summary>
    public bool RespondsLater { get; init; }

    /// <summary>Whether the source cannot be forged, or is trusted.</summary>
    public bool IsProven => IsTrusted || Verified is not null;

    /// <summary>Sends the response.</summary>
    public bool Respond(ReadOnlySpan<byte> response) =>
        RespondsLater ? Route.SendLater(response, Source) : Route.Send(response, Source);
}
