namespace KadOrleans.Node;

/// <summary>Pings candidates within rates, contacts to be checked at once. <see cref="Strangers"/> pings the unproven.</summary>
internal sealed class Prober(
    RequestTable requests, NodeId ownId, AddressRangeSet trusted, TimeProvider time, Action<UdpEndpoint, NodeId?> onProbed)
    : IDisposable
{
    /// <summary>Queued candidates. Further ones are ignored, and heard of again.</summary>
    public const int MaxCandidates = 1_024;

    /// <summary>A join brings a few hundred candidates. Invented ones cause no more pings than this.</summary>
    private static readonly TokenRate CandidateRate = new(100, 200);

    /// <summary>For one public network (/24, /48): a host with ever new ports must not use up all pings.</summary>
    private static readonly TokenRate NetworkRate = new(2, 20);

    /// <summary>For candidates with a known contact's id: repeating what is known must not use up the newcomers' rate.</summary>
    private static readonly TokenRate ClaimRate = new(20, 40);

    /// <summary>For buckets where enough wait: newer candidates may replace them, at a bounded cost in a large network.</summary>
    private static readonly TokenRate SpareRate = new(5, 10);

    /// <summary>More than a table has contacts.</summary>
    private static readonly TokenRate CheckRate = new(2_000, 2_000);

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    private readonly NetworkTurns _networks = new(NetworkRate, trusted);
    private readonly ConcurrentDictionary<UdpEndpoint, byte> _underWay = new(1, 31);

    // Guards all below. The buckets are full at first.
    private readonly Lock _gate = new();
    private readonly Queue<Contact> _candidates = new();
    private readonly HashSet<UdpEndpoint> _queued = [];
    private TokenBucket _candidateBucket;
    private TokenBucket _checkBucket;
    private TokenBucket _claimBucket;
    private TokenBucket _spareBucket;
    private bool _ticking;
    private ITimer? _timer;
    private bool _isOver;

    public void Consider(Contact candidate, CandidateKind kind)
    {
        lock (_gate)
        {
            if (_candidates.Count >= MaxCandidates
                || _queued.Contains(candidate.Endpoint)
                || _underWay.ContainsKey(candidate.Endpoint)
                || !TryTakeShare(candidate.Endpoint, kind))
            {
                return;
            }

            _queued.Add(candidate.Endpoint);
            _candidates.Enqueue(candidate);
            if (_ticking)
            {
                return;
            }

            _ticking = true;
        }

        OnTick();
    }

    /// <summary>Counts a candidate that has answered a ping already. False if a rate is used up.</summary>
    public bool TryTakeTurn(UdpEndpoint endpoint, CandidateKind kind)
    {
        lock (_gate)
        {
            return TryTakeShare(endpoint, kind) && _candidateBucket.TryTake(CandidateRate, time.GetUtcNow());
        }
    }

    public void Check(Contact contact)
    {
        lock (_gate)
        {
            if (!_checkBucket.TryTake(CheckRate, time.GetUtcNow()))
            {
                return;
            }
        }

        Probe(contact.Endpoint, contact.Id);
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isOver = true;
            _timer?.Dispose();
        }
    }

    // Before the common rate, so that one network's excess costs the others nothing.
    private bool TryTakeShare(UdpEndpoint endpoint, CandidateKind kind)
    {
        var now = time.GetUtcNow();
        return _networks.TryTake(endpoint, now) && kind switch
        {
            CandidateKind.Claim => _claimBucket.TryTake(ClaimRate, now),
            CandidateKind.Spare => _spareBucket.TryTake(SpareRate, now),
            CandidateKind.Newcomer => true,
        };
    }

    private void OnTick()
    {
        while (TryTakeCandidate(out var candidate))
        {
            Probe(candidate.Endpoint, null);
        }
    }

    private bool TryTakeCandidate(out Contact candidate)
    {
        lock (_gate)
        {
            // An endpoint that is being pinged already costs no token.
            while (_candidates.TryPeek(out candidate) && _underWay.ContainsKey(candidate.Endpoint))
            {
                _queued.Remove(_candidates.Dequeue().Endpoint);
            }

            if (_candidates.Count == 0)
            {
                _ticking = false;
                candidate = default;
                return false;
            }

            if (!_candidateBucket.TryTake(CandidateRate, time.GetUtcNow()))
            {
                candidate = default;
                if (!_isOver)
                {
                    _timer ??= time.CreateTimer(
                        static prober => ((Prober)prober!).OnTick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                    _timer.Change(Tick, Timeout.InfiniteTimeSpan);
                }

                return false;
            }

            candidate = _candidates.Dequeue();
            _queued.Remove(candidate.Endpoint);
            return true;
        }
    }

    private void Probe(UdpEndpoint endpoint, NodeId? expectedId)
    {
        if (_underWay.TryAdd(endpoint, 0))
        {
            // A contact may lose its place, and its id to another; a candidate is heard of again.
            requests.Send(new PingCall(endpoint, expectedId, ownId, OnEnd, retriesUnresponsive: expectedId is not null));
        }

        void OnEnd(OutgoingRequest request, NodeId? id, RequestFailure? failure)
        {
            _underWay.TryRemove(endpoint, out _);
            onProbed(endpoint, id);
        }
    }
}

/// <summary>Why an endpoint is a candidate. Each kind has its part of the pings.</summary>
internal enum CandidateKind
{
    /// <summary>Its bucket has room, or too few wait for a place there.</summary>
    Newcomer,

    /// <summary>A contact with its id is known at another endpoint.</summary>
    Claim,

    /// <summary>Enough wait for a place in its bucket; it may replace the longest-waiting one.</summary>
    Spare,
}
