using System.Diagnostics.CodeAnalysis;

namespace KadOrleans.Node;

/// <summary>The pending requests, each retried once. A response counts only with its message id and from its endpoint.</summary>
internal sealed class RequestTable : IDisposable
{
    /// <summary>The shortest retry timeout of a ping to an unmeasured endpoint, so that a slow one gets measured.</summary>
    private static readonly TimeSpan IntroductionTimeout = 2 * RoundTripEstimate.InitialTimeout;

    private readonly IDatagramTransport _transport;
    private readonly TimeProvider _time;
    private readonly IRandomSource _random;
    private readonly IRequestObserver _observer;
    private readonly RoundTripTimes _roundTrips = new();
    private readonly UnresponsiveEndpoints _unresponsive = new();
    private readonly ConcurrentDictionary<RequestKey, OutgoingRequest> _pending = new(Environment.ProcessorCount, 31);
    private readonly RequestDeadlines _deadlines;

    public RequestTable(
        IDatagramTransport transport, TimeProvider time, IRandomSource random, IRequestObserver observer, BansInForce? bans = null)
    {
        (_transport, _time, _random, _observer) = (transport, time, random, observer);
        Bans = bans ?? new BansInForce();
        _deadlines = new RequestDeadlines(time, Expire, observer.OnFault);
    }

    public BansInForce Bans { get; }

    public int Count => _pending.Count;

    public int Waiting => _deadlines.Count;

    /// <summary>How long a lookup with nobody else to query waits for unresponsive contacts.</summary>
    public TimeSpan Grace => _roundTrips.Common.RetryTimeout;

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
        _pending[request.Key] = request;
        if (!_transport.Send(request.Datagram, request.Destination))
        {
            End(request, RequestFailure.Unreachable);
            return;
        }

        if (!_deadlines.TryAdd(request, FirstTimeout(request)))
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
        var id = MessageId.Random(_random);
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
        if (request.IsRetry)
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
        var id = MessageId.Random(_random);
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

        _unresponsive.Add(request.Destination);
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
        return own < common ? own : common;
    }

    private TimeSpan RetryTimeout(OutgoingRequest request)
    {
        var learned = _roundTrips[request.Destination].RetryTimeout;
        return request.Kind == RequestKind.Ping && !_roundTrips.IsMeasured(request.Destination) && learned < IntroductionTimeout
            ? IntroductionTimeout
            : learned;
    }
}

internal interface IRequestObserver
{
    /// <summary>The destination's address is not forged. Called before the request itself learns of the response.</summary>
    void OnAddressProved(OutgoingRequest request);

    void OnAnswered(OutgoingRequest request);

    void OnFailed(OutgoingRequest request, RequestFailure failure);

    /// <summary>A callback threw, which is a bug. The node goes on.</summary>
    void OnFault(Exception fault);
}

/// <summary>Passes outcomes to the routing table, the trust rules and the metrics.</summary>
internal sealed class RequestOutcomes(
    IRoutingTable table, VerifiedEndpoints verified, Strangers strangers, Reachability reachability, ILogger logger) : IRequestObserver
{
    public void OnAddressProved(OutgoingRequest request)
    {
        if (verified.Add(request.Destination))
        {
            strangers.Release(request.Destination);
        }
    }

    public void OnAnswered(OutgoingRequest request)
    {
        if (request.Kind != RequestKind.Ping && KnownContact(request) is { } contact)
        {
            table.Observe(ContactObservation.Answered(contact));
        }

        reachability.Answered();
        NodeMetrics.RequestEnded(request.Kind, null);
    }

    public void OnFailed(OutgoingRequest request, RequestFailure failure)
    {
        if (failure is RequestFailure.TimedOut or RequestFailure.Malformed && KnownContact(request) is { } contact)
        {
            table.Observe(ContactObservation.Failed(contact));
            reachability.Failed(contact.Id);
        }

        NodeMetrics.RequestEnded(request.Kind, failure);
    }

    public void OnFault(Exception fault) => logger.RequestFaulted(fault);

    /// <summary>Only a contact of the table: others' claims must not affect it.</summary>
    private Contact? KnownContact(OutgoingRequest request) =>
        request.ExpectedId is { } id && table.Snapshot.TryGet(id, out var known) && known.Endpoint == request.Destination
            ? known
            : null;
}

/// <summary>A request and its retry. Either a true <see cref="TryComplete"/> or <see cref="OnFailed"/> ends it.</summary>
internal abstract class OutgoingRequest(UdpEndpoint destination, NodeId? expectedId)
{
    private int _ended;

    public UdpEndpoint Destination { get; } = destination;

    public NodeId? ExpectedId { get; } = expectedId;

    public abstract RequestKind Kind { get; }

    public RequestKey Key { get; set; }

    /// <summary>The retry has its own message id, so the round trip of either response is known.</summary>
    public RequestKey RetryKey { get; set; }

    public byte[] Datagram { get; set; } = [];

    public long SentAt { get; set; }

    public long RetriedAt { get; set; }

    public TimeSpan RoundTrip { get; set; }

    public bool IsRetry { get; set; }

    public long Due { get; set; }

    /// <summary>Written by <see cref="RequestDeadlines"/>, which orders requests by both.</summary>
    public long QueueNumber { get; set; }

    public bool IsEnded => Volatile.Read(ref _ended) != 0;

    public bool TryEnd() => Interlocked.Exchange(ref _ended, 1) == 0;

    /// <summary>Returns the length, or 0 if the request cannot be written.</summary>
    public abstract int Write(Span<byte> destination, MessageId id);

    /// <summary>Returns false if the body is malformed.</summary>
    public abstract bool TryComplete(ReadOnlySpan<byte> body);

    /// <summary>The retry timeout is over, and the retry is sent next.</summary>
    public abstract void OnUnresponsive();

    public abstract void OnFailed(RequestFailure failure);
}

internal readonly record struct RequestKey(MessageId Id, UdpEndpoint Destination);

// Reports each request whose deadline is over, one after another on one timer's thread. Ended requests leave at once.
internal sealed class RequestDeadlines(TimeProvider time, Action<OutgoingRequest> onDue, Action<Exception> onFault) : IDisposable
{
    // Guards all below.
    private readonly Lock _gate = new();
    private readonly SortedSet<OutgoingRequest> _queue = new(Comparer<OutgoingRequest>.Create(static (one, other) =>
        one.Due != other.Due ? one.Due.CompareTo(other.Due) : one.QueueNumber.CompareTo(other.QueueNumber)));

    private long _added;
    private ITimer? _timer;
    private long _timerDue = long.MaxValue;
    private bool _disposed;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _queue.Count;
            }
        }
    }

    /// <summary>Returns false after disposal.</summary>
    public bool TryAdd(OutgoingRequest request, TimeSpan wait)
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return false;
            }

            // It ended before it was added: nothing would remove it.
            if (request.IsEnded)
            {
                return true;
            }

            var due = time.GetTimestamp() + (long)(wait.TotalSeconds * time.TimestampFrequency);
            (request.Due, request.QueueNumber) = (due, ++_added);
            _queue.Add(request);
            if (due < _timerDue)
            {
                SetTimer(due);
            }

            return true;
        }
    }

    public void Remove(OutgoingRequest request)
    {
        lock (_gate)
        {
            _queue.Remove(request);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _queue.Clear();
            _timer?.Dispose();
        }
    }

    private void SetTimer(long due)
    {
        _timerDue = due;
        var left = time.GetElapsedTime(time.GetTimestamp(), due);
        var wait = left > TimeSpan.Zero ? left : TimeSpan.Zero;
        _timer ??= time.CreateTimer(
            static deadlines => ((RequestDeadlines)deadlines!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(wait, Timeout.InfiniteTimeSpan);
    }

    private void OnTimer()
    {
        while (TryTakeDue(out var request))
        {
            try
            {
                onDue(request);
            }
            catch (Exception e)
            {
                // Thrown on a timer's thread it would end the process.
                onFault(e);
            }
        }
    }

    private bool TryTakeDue([NotNullWhen(true)] out OutgoingRequest? request)
    {
        lock (_gate)
        {
            request = _queue.Min;
            if (request is null)
            {
                _timerDue = long.MaxValue;
            }
            else if (request.Due > time.GetTimestamp())
            {
                SetTimer(request.Due);
                request = null;
            }
            else
            {
                _queue.Remove(request);
            }

            return request is not null;
        }
    }
}
