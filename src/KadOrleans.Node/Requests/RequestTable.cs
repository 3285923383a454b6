using System.Collections.Concurrent;
using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Timeouts;
using KadOrleans.Node.Ports;
using KadOrleans.Wire;

namespace KadOrleans.Node.Requests;

/// <summary>
/// The pending requests. A response counts only with the message id and from the endpoint of its request. A request is retried once, after
/// its destination's usual round trip, and then fails at its timeout.
/// </summary>
internal sealed class RequestTable : IDisposable
{
    /// <summary>
    /// The shortest retry timeout of a ping to an endpoint that was never measured. Fast contacts' round trips are no measure for a slow
    /// one. Without this bound a slower one would always time out, and its round trip would stay unknown.
    /// </summary>
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

    /// <summary>The bans: nothing is sent to a banned address.</summary>
    public BansInForce Bans { get; }

    public int Count => _pending.Count;

    public int Waiting => _deadlines.Count;

    /// <summary>How long a lookup that has nobody else to query waits for unresponsive contacts: the common timeout of a retry.</summary>
    public TimeSpan Grace => _roundTrips.Common.RetryTimeout;

    /// <summary>Whether an endpoint timed out, and has not responded since.</summary>
    public bool IsUnresponsive(UdpEndpoint endpoint) => _unresponsive.Contains(endpoint);

    /// <summary>Sends a request. It ends through its own methods, perhaps before this returns.</summary>
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

    /// <summary>
    /// Learns a round trip that was measured elsewhere. Ignores one longer than any timeout: a slow stranger would raise the timeouts of
    /// all others.
    /// </summary>
    public void Learn(UdpEndpoint endpoint, TimeSpan roundTrip)
    {
        if (roundTrip <= RoundTripEstimate.MaxTimeout)
        {
            _roundTrips.Add(endpoint, roundTrip, askedFirst: true);
            _unresponsive.Remove(endpoint);
        }
    }

    /// <summary>Takes a response from the wire. Ignores one without a pending request.</summary>
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
            // It ended meanwhile: nothing would remove the second entry.
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

    /// <summary>
    /// A contact that is slower than others is passed over as soon as they would be. A stranger must not choose how long others wait for it.
    /// </summary>
    private TimeSpan FirstTimeout(OutgoingRequest request)
    {
        var (own, common) = (_roundTrips[request.Destination].Timeout, _roundTrips.Common.Timeout);
        return own < common ? own : common;
    }

    private TimeSpan RetryTimeout(OutgoingRequest request)
    {
        var learned = _roundTrips[request.Destination].RetryTimeout;
        return request.IsIntroduction && !_roundTrips.IsMeasured(request.Destination) && learned < IntroductionTimeout
            ? IntroductionTimeout
            : learned;
    }
}

internal interface IRequestObserver
{
    /// <summary>
    /// A datagram with the request's id came from its destination, so the address is not forged. Called before the request itself learns
    /// it. Whether the response is well-formed shows next.
    /// </summary>
    void OnAddressProved(OutgoingRequest request);

    /// <summary>The destination answered; called after the request itself learned it.</summary>
    void OnAnswered(OutgoingRequest request);

    /// <summary>The destination did not answer, or its response is malformed.</summary>
    void OnFailed(OutgoingRequest request, RequestFailure failure);

    /// <summary>A callback of a timed-out or failed request threw, which is a bug. The node goes on.</summary>
    void OnFault(Exception fault);
}
