using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Node.Diagnostics;
using KadOrleans.Node.Ports;
using KadOrleans.Wire;

namespace KadOrleans.Node.Trust;

/// <summary>
/// Endpoints that have never answered us. Each request causes one ping, without a retry. Requests that must not be done for a forged
/// address wait for its response.
/// </summary>
internal sealed class Strangers : IDisposable
{
    public const int PingLength = 50;

    /// <summary>
    /// Memory for requests that wait for a long response: some 23,000. At 20,000 a second each stays for <see cref="FindWait"/>.
    /// </summary>
    public const int MaxFindBytes = 16 << 20;

    /// <summary>
    /// Memory for pending STOREs. It holds 45,000 small ones, each for <see cref="StoreWait"/> at 20,000 a second. Or it holds 3,700 of the
    /// largest, each for a fifth of a second.
    /// </summary>
    public const int MaxStoreBytes = 32 << 20;

    /// <summary>The most requests per endpoint, more than a node sends at once when it joins.</summary>
    public const int MaxFindsPerEndpoint = 32;

    /// <summary>The most STOREs per endpoint: a Python node hands all values off at once to a node that it meets.</summary>
    public const int MaxStoresPerEndpoint = 256;

    /// <summary>How long a request for contacts or a value waits. Then it gets the few contacts that fit.</summary>
    public static readonly TimeSpan FindWait = TimeSpan.FromSeconds(1);

    /// <summary>How long a STORE waits before it is dropped. A busy Python node may take as long to answer a ping.</summary>
    public static readonly TimeSpan StoreWait = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Pings per second, and in a burst: 2.5 MB/s. Each is shorter than twice the request that caused it. One network causes at most
    /// <see cref="SourceLimits.PerSubnet"/>, which leaves some to others.
    /// </summary>
    private static readonly TokenRate PingRate = new(50_000, 50_000);

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    private readonly NodeId _ownId;
    private readonly AddressProofs _proofs;
    private readonly VerifiedEndpoints _verified;
    private readonly UploadBudget _budget;
    private readonly IPendingRequestHandler _handler;
    private readonly NodeMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly PendingRequests _finds;
    private readonly PendingRequests _stores;
    private readonly ITimer _timer;

    // Guards _pings and _ticking.
    private readonly Lock _gate = new();
    private TokenBucket _pings;
    private bool _ticking;

    public Strangers(
        NodeId ownId,
        AddressProofs proofs,
        VerifiedEndpoints verified,
        UploadBudget budget,
        IPendingRequestHandler handler,
        NodeMetrics metrics,
        TimeProvider time)
    {
        _budget = budget;
        (_ownId, _proofs, _verified, _handler, _metrics, _time) = (ownId, proofs, verified, handler, metrics, time);
        _finds = new PendingRequests(time, MaxFindBytes, MaxFindsPerEndpoint);
        _stores = new PendingRequests(time, MaxStoreBytes, MaxStoresPerEndpoint);
        _pings = new TokenBucket(PingRate, time.GetUtcNow());
        _timer = time.CreateTimer(static s => ((Strangers)s!).OnTick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Pings an endpoint over its request's route: an address translator passes no other.</summary>
    /// <returns>Whether the rate and the bytes of strangers allowed it.</returns>
    public bool TryPing(UdpEndpoint endpoint, IResponseRoute route)
    {
        lock (_gate)
        {
            if (!_pings.TryTake(PingRate, _time.GetUtcNow()))
            {
                return false;
            }
        }

        if (!_budget.TrySendToStranger(PingLength))
        {
            return false;
        }

        Span<byte> ping = stackalloc byte[PingLength];
        var length = RequestWriter.WritePing(ping, _proofs.Issue(endpoint), new PingRequest(_ownId));
        route.Send(ping[..length], endpoint);
        _metrics.ProofsAsked.Add();
        return true;
    }

    /// <summary>Pings the sender of a request and keeps the request until it answers.</summary>
    public void Hold(PendingRequest request)
    {
        request.IsPinged = TryPing(request.Source, request.Route);
        if (!request.IsPinged || !PoolOf(request).TryHold(request, out var pushedOut))
        {
            _handler.GiveUp(request, RefusalReason.PendingLimit);
            return;
        }

        _metrics.Pending.Add();
        pushedOut?.ForEach(old => _handler.GiveUp(old, RefusalReason.PendingLimit));
        BeginTicking();

        // It may have answered meanwhile.
        if (_verified.Contains(request.Source))
        {
            Release(request.Source);
        }
    }

    /// <summary>Takes a response without a pending request. Returns whether it proves its sender's address for the first time.</summary>
    public bool TryProve(MessageId id, UdpEndpoint source, out TimeSpan roundTrip)
    {
        if (!_proofs.IsProof(id, source, out roundTrip) || !_verified.Add(source))
        {
            return false;
        }

        _metrics.ProofsGiven.Add();
        Release(source);
        return true;
    }

    /// <summary>Proceeds with the pending requests of an endpoint that has proved its address.</summary>
    public void Release(UdpEndpoint source)
    {
        foreach (var request in _finds.Take(source))
        {
            _handler.Proceed(request);
        }

        foreach (var request in _stores.Take(source))
        {
            _handler.Proceed(request);
        }
    }

    public void Dispose() => _timer.Dispose();

    private PendingRequests PoolOf(PendingRequest request) => request.Kind == RequestKind.Store ? _stores : _finds;

    private void BeginTicking()
    {
        lock (_gate)
        {
            if (!_ticking)
            {
                _ticking = true;
                _timer.Change(Tick, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void OnTick()
    {
        GiveUpOlderThan(FindWait, _finds);
        GiveUpOlderThan(StoreWait, _stores);
        lock (_gate)
        {
            _ticking = !_finds.IsEmpty || !_stores.IsEmpty;
            if (_ticking)
            {
                _timer.Change(Tick, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void GiveUpOlderThan(TimeSpan age, PendingRequests pending)
    {
        foreach (var request in pending.TakeOlderThan(age))
        {
            _handler.GiveUp(request, RefusalReason.Unproven);
        }
    }
}
