namespace KadOrleans.Node;

/// <summary>Pings endpoints that have never answered, and holds what must not be done for a forged address.</summary>
internal sealed class Strangers(
    NodeId ownId,
    AddressProofs proofs,
    VerifiedEndpoints verified,
    UploadBudget budget,
    Action<PendingRequest> proceed,
    Action<PendingRequest, RefusalReason> giveUp,
    NodeMetrics metrics,
    TimeProvider time) : IDisposable
{
    /// <summary>Room for a pong and this ping is in twice a PING of another program's nodes.</summary>
    public const int PingLength = 50;

    /// <summary>That of a ping which asks for a write token too. Whoever asks for one has sent as much more.</summary>
    public const int AskingPingLength = PingLength + TokenTrailer.Length;

    /// <summary>Memory for pending FIND requests: 23,000. At 20,000 a second each stays for <see cref="FindWait"/>.</summary>
    public const int MaxFindBytes = 16 << 20;

    /// <summary>45,000 small STOREs, which 20,000 a second fill in <see cref="StoreWait"/>, or 3,700 of the largest.</summary>
    public const int MaxStoreBytes = 32 << 20;

    /// <summary>More than a node sends at once when it joins.</summary>
    public const int MaxFindsPerEndpoint = 32;

    /// <summary>A Python node hands all values off at once to a node that it meets.</summary>
    public const int MaxStoresPerEndpoint = 256;

    /// <summary>Then a FIND request gets the few contacts that fit.</summary>
    public static readonly TimeSpan FindWait = TimeSpan.FromSeconds(1);

    /// <summary>Then a STORE is dropped. A busy Python node may take as long to answer a ping.</summary>
    public static readonly TimeSpan StoreWait = TimeSpan.FromSeconds(2);

    /// <summary>2.5 MB/s. One network causes at most <see cref="SourceLimits.PerSubnet"/>, which leaves some to others.</summary>
    private static readonly TokenRate PingRate = new(50_000, 50_000);

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    private readonly PendingRequests _finds = new(time, MaxFindBytes, MaxFindsPerEndpoint);
    private readonly PendingRequests _stores = new(time, MaxStoreBytes, MaxStoresPerEndpoint);

    // Guards all below. The bucket is full at first.
    private readonly Lock _gate = new();
    private TokenBucket _pings;
    private bool _ticking;
    private ITimer? _timer;
    private bool _isOver;

    /// <summary>Pings over the request's route, as an address translator passes no other. Returns the bytes sent, 0 if a rate forbids it.</summary>
    public int TryPing(UdpEndpoint endpoint, IResponseRoute route, bool asksForToken)
    {
        var length = asksForToken ? AskingPingLength : PingLength;
        lock (_gate)
        {
            if (!_pings.TryTake(PingRate, time.GetUtcNow()))
            {
                return 0;
            }
        }

        if (!budget.TrySendToStranger(length))
        {
            return 0;
        }

        Span<byte> ping = stackalloc byte[AskingPingLength];
        RequestWriter.Write(ping, proofs.Issue(endpoint), RequestKind.Ping, ownId, asksForToken: asksForToken);
        route.Send(ping[..length], endpoint);
        metrics.Add(NodeMetrics.ProofsAsked);
        return length;
    }

    public void Hold(PendingRequest request)
    {
        request.PingLength = TryPing(request.Source, request.Route, request.AsksForToken);
        if (request.PingLength == 0 || !QueueOf(request.Kind).TryHold(request, out var pushedOut))
        {
            giveUp(request, RefusalReason.PendingLimit);
            return;
        }

        metrics.Add(NodeMetrics.Pending);
        pushedOut?.ForEach(old => giveUp(old, RefusalReason.PendingLimit));
        lock (_gate)
        {
            if (!_ticking)
            {
                SetTimer();
            }
        }

        // It may have answered meanwhile.
        if (verified.Contains(request.Source))
        {
            Release(request.Source);
        }
    }

    /// <summary>Returns whether the response proves its sender's address for the first time.</summary>
    public bool TryProve(MessageId id, UdpEndpoint source, out TimeSpan roundTrip)
    {
        if (!proofs.IsProof(id, source, out roundTrip) || !verified.Add(source))
        {
            return false;
        }

        metrics.Add(NodeMetrics.ProofsGiven);
        Release(source);
        return true;
    }

    public void Release(UdpEndpoint source)
    {
        Array.ForEach(_finds.Take(source), proceed);
        Array.ForEach(_stores.Take(source), proceed);
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isOver = true;
            _timer?.Dispose();
        }
    }

    private PendingRequests QueueOf(RequestKind kind) => kind switch
    {
        RequestKind.Store => _stores,
        RequestKind.Ping or RequestKind.Stun or RequestKind.FindNode or RequestKind.FindValue => _finds,
    };

    private void SetTimer()
    {
        _ticking = true;
        if (_isOver)
        {
            return;
        }

        _timer ??= time.CreateTimer(
            static strangers => ((Strangers)strangers!).OnTick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(Tick, Timeout.InfiniteTimeSpan);
    }

    private void OnTick()
    {
        GiveUpOlderThan(FindWait, _finds);
        GiveUpOlderThan(StoreWait, _stores);
        lock (_gate)
        {
            _ticking = false;
            if (!_finds.IsEmpty || !_stores.IsEmpty)
            {
                SetTimer();
            }
        }
    }

    private void GiveUpOlderThan(TimeSpan age, PendingRequests pending)
    {
        foreach (var request in pending.TakeOlderThan(age))
        {
            giveUp(request, RefusalReason.Unproven);
        }
    }
}
