namespace KadOrleans.Node;

/// <summary>The pending requests, each retried once, or never where it says so. A response counts only with its message id and from its endpoint.</summary>
internal sealed class RequestTable : IDisposable
{
    /// <summary>
    /// The shortest retry timeout of what the measured round trips do not tell: a ping to an unmeasured endpoint, so that a slow one gets
    /// measured, and a STORE, which is answered once its value is on the other's disk.
    /// </summary>
    private static readonly TimeSpan PatientTimeout = 2 * RoundTripEstimate.InitialTimeout;

    private readonly IDatagramTransport _transport;
    private readonly TimeProvider _time;
    private readonly IRandomSource _random;
    private readonly IRequestObserver _observer;
    private readonly HeldTokens? _tokens;
    private readonly RoundTripTimes _roundTrips = new();
    private readonly UnresponsiveEndpoints _unresponsive = new();
    private readonly ConcurrentDictionary<RequestKey, OutgoingRequest> _pending = new(Environment.ProcessorCount, 31);
    private readonly RequestDeadlines _deadlines;

    public RequestTable(
        IDatagramTransport transport,
        TimeProvider time,
        IRandomSource random,
        IRequestObserver observer,
        BansInForce? bans = null,
        HeldTokens? tokens = null)
    {
        (_transport, _time, _random, _observer, _tokens) = (transport, time, random, observer, tokens);
        Bans = bans ?? new BansInForce();
        _deadlines = new RequestDeadlines(time, Expire, observer.OnFault);
    }

    public BansInForce Bans { get; }

    public int Count => _pending.Count;

    public int Waiting => _deadlines.Count;

    /// <summary>How long a lookup with nobody else to query waits for unresponsive contacts.</summary>
    public TimeSpan Grace => _roundTrips.Common.RetryTimeout;

    /// <summary>How long it waits for those that did not answer earlier lookups, and are probably gone. Never longer than for others.</summary>
    public TimeSpan ShortGrace => _roundTrips.Common.Usual < Grace ? _roundTrips.Common.Usual : Grace;

    public bool IsUnresponsive(UdpEndpoint endpoint) => _unresponsive.Contains(endpoint);

    /// <summary>The request ends through its own methods, perhaps before this returns.</summary>
    public void Send(OutgoingRequest request)
    {
        if (Bans.Set.Contains(request.Destination) || !TryWrite(request))
        {
            request.OnFailed(RequestFailure.Unreachable);
            return;
        }

        request.SentAt = _time.GetTimestamp();
        request.NeedsSignOfLife = !request.RetriesUnresponsive && IsUnresponsive(request.Destination);
        _pending[request.Key] = request;
        if (!_transport.Send(request.Datagram, request.Destination))
        {
            End(request, RequestFailure.Unreachable);
            return;
        }

        if (!_deadlines.TryAdd(request, request.NeedsSignOfLife ? OnlyTimeout(request) : FirstTimeout(request)))
        {
            End(request, RequestFailure.Cancelled);
        }
    }

    public void Cancel(OutgoingRequest request) => End(request, RequestFailure.Cancelled);

    /// <summary>Learns a round trip measured elsewhere. One slow stranger must not slow all.</summary>
    public void Learn(UdpEndpoint endpoint, TimeSpan roundTrip)
    {
        if (roundTrip <= RoundTripEstimate.MaxTimeout)
        {
            _roundTrips.Add(endpoint, roundTrip, askedFirst: true);
            _unresponsive.Remove(endpoint);
        }
    }

    /// <summary>Takes a response. False: it has no pending request.</summary>
    public bool Complete(MessageId id, ReadOnlySpan<byte> body, UdpEndpoint source)
    {
        var key = new RequestKey(id, source);
        if (!_pending.TryGetValue(key, out var request) || !TryEnd(request))
        {
            return false;
        }

        request.RoundTrip = _time.GetElapsedTime(key == request.Key ? request.SentAt : request.RetriedAt);
        _roundTrips.Add(source, request.RoundTrip);
        _unresponsive.Remove(source);
        _observer.OnAddressProved(request);
        if (request.AsksForToken || request.Kind == RequestKind.Store)
        {
            // Before the request ends: what waits for that may store there next.
            _tokens?.Learn(source, body, request.AsksForToken);
        }

        if (request.TryComplete(body))
        {
            _observer.OnAnswered(request);
        }
        else
        {
            _observer.OnFailed(request, RequestFailure.Malformed);
            request.OnFailed(RequestFailure.Malformed);
        }

        return true;
    }

    public void Dispose()
    {
        _deadlines.Dispose();
        foreach (var request in _pending.Values)
        {
            End(request, RequestFailure.Cancelled);
        }
    }

    private bool TryEnd(OutgoingRequest request)
    {
        if (!request.TryEnd())
        {
            return false;
        }

        _pending.TryRemove(request.Key, out _);
        if (request.IsRetry)
        {
            _pending.TryRemove(request.RetryKey, out _);
        }

        _deadlines.Remove(request);
        return true;
    }

    private bool TryWrite(OutgoingRequest request)
    {
        var id = request.CreateId(_random);
        Span<byte> buffer = stackalloc byte[Datagram.MaxLength];
        var length = request.Write(buffer, id);
        request.Key = new RequestKey(id, request.Destination);
        request.Datagram = buffer[..length].ToArray();
        return length > 0;
    }

    private void End(OutgoingRequest request, RequestFailure failure)
    {
        if (!TryEnd(request))
        {
            return;
        }

        try
        {
            _observer.OnFailed(request, failure);
        }
        finally
        {
            // Called even if the observer throws, as a caller waits for it.
            request.OnFailed(failure);
        }
    }

    private void Expire(OutgoingRequest request)
    {
        if (request.IsRetry || (request.NeedsSignOfLife && _unresponsive.ContainsSince(request.Destination, request.SentAt)))
        {
            End(request, RequestFailure.TimedOut);
        }
        else
        {
            Retry(request);
        }
    }

    private void Retry(OutgoingRequest request)
    {
        var id = request.CreateId(_random);
        id.CopyTo(request.Datagram.AsSpan(Datagram.IdOffset));
        request.RetryKey = new RequestKey(id, request.Destination);
        request.RetriedAt = _time.GetTimestamp();
        request.IsRetry = true;
        _pending[request.RetryKey] = request;
        if (request.IsEnded)
        {
            _pending.TryRemove(request.RetryKey, out _);
            return;
        }

        _unresponsive.Add(request.Destination, request.RetriedAt);
        request.OnUnresponsive();
        if (!_transport.Send(request.Datagram, request.Destination)
            || !_deadlines.TryAdd(request, RetryTimeout(request)))
        {
            End(request, RequestFailure.Unreachable);
        }
    }

    /// <summary>The shorter of both: a slow stranger must not choose how long others wait for it.</summary>
    private TimeSpan FirstTimeout(OutgoingRequest request)
    {
        var (own, common) = (_roundTrips[request.Destination].Timeout, _roundTrips.Common.Timeout);
        return (own < common ? own : common) * request.ExpectedRoundTrips;
    }

    /// <summary>Of a request that may have no retry: one network in four is slower than the first timeout allows.</summary>
    private TimeSpan OnlyTimeout(OutgoingRequest request)
    {
        var (first, retry) = (FirstTimeout(request), RetryTimeout(request));
        return first > retry ? first : retry;
    }

    private TimeSpan RetryTimeout(OutgoingRequest request)
    {
        var learned = _roundTrips[request.Destination].RetryTimeout;
        var isPatient = request.Kind == RequestKind.Store || (request.Kind == RequestKind.Ping && !_roundTrips.IsMeasured(request.Destination));
        return isPatient && learned < PatientTimeout ? PatientTimeout : learned;
    }
}
