using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using KadOrleans.Core;
using KadOrleans.Core.Admission;

namespace KadOrleans.Node.Trust;

/// <summary>
/// Endpoints that have answered a request of ours, so their address is not forged. Kept for two
/// generations, each <see cref="Generation"/> long or <see cref="Capacity"/> endpoints large. Reading takes no lock.
/// </summary>
internal sealed class VerifiedEndpoints
{
    /// <summary>An address may change its owner after some time. A proof is valid for this time, and at most for twice this time.</summary>
    public static readonly TimeSpan Generation = TimeSpan.FromMinutes(10);

    /// <summary>Endpoints per generation: some 20 MB at the most.</summary>
    public const int Capacity = 65_536;

    /// <summary>
    /// The most endpoints of one public subnet (/24, /48) per generation. A further one replaces the oldest. Otherwise the owner of one
    /// network, with 2^80 addresses, could end generations at will, and all others would have to prove themselves again.
    /// </summary>
    public const int MaxPerSubnet = 1_024;

    private readonly TimeProvider _time;
    private readonly EndpointRates _rates;

    // Guards the turn of generations, and what is added.
    private readonly Lock _gate = new();
    private volatile ConcurrentDictionary<UdpEndpoint, VerifiedEndpoint> _current = NewGeneration();
    private volatile ConcurrentDictionary<UdpEndpoint, VerifiedEndpoint> _previous = NewGeneration();
    private Dictionary<SourceNetwork, Queue<UdpEndpoint>> _subnets = [];
    private int _count;
    private long _turnedAt;

    /// <param name="time">The clock of the generations.</param>
    /// <param name="rates">The rates of each.</param>
    public VerifiedEndpoints(TimeProvider time, EndpointRates rates)
    {
        (_time, _rates) = (time, rates);
        _turnedAt = time.GetTimestamp();
    }

    public bool Contains(UdpEndpoint endpoint) => TryGet(endpoint, out _);

    public bool TryGet(UdpEndpoint endpoint, [MaybeNullWhen(false)] out VerifiedEndpoint verified)
    {
        TurnIfOld();
        return _current.TryGetValue(endpoint, out verified) || _previous.TryGetValue(endpoint, out verified);
    }

    /// <summary>Notes that an endpoint answered. Returns true if it is new.</summary>
    public bool Add(UdpEndpoint endpoint)
    {
        TurnIfOld();
        if (_current.ContainsKey(endpoint))
        {
            return false;
        }

        lock (_gate)
        {
            // Its used rates stay counted.
            var wasVerified = _previous.TryGetValue(endpoint, out var verified);
            if (!_current.TryAdd(endpoint, verified ?? new VerifiedEndpoint(_rates, _time.GetUtcNow())))
            {
                return false;
            }

            _count++;
            MakeRoomInSubnet(endpoint);
            if (_count >= Capacity)
            {
                Turn();
            }

            return !wasVerified;
        }
    }

    private static ConcurrentDictionary<UdpEndpoint, VerifiedEndpoint> NewGeneration() => new(1, 31);

    private void MakeRoomInSubnet(UdpEndpoint endpoint)
    {
        if (endpoint.IsLoopback || endpoint.IsLinkLocal || endpoint.IsPrivate)
        {
            return;
        }

        ref var neighbours = ref CollectionsMarshal.GetValueRefOrAddDefault(_subnets, SourceNetwork.SubnetOf(endpoint), out _);
        neighbours ??= new Queue<UdpEndpoint>(1);
        neighbours.Enqueue(endpoint);
        if (neighbours.Count > MaxPerSubnet && _current.TryRemove(neighbours.Dequeue(), out _))
        {
            _count--;
        }
    }

    private void TurnIfOld()
    {
        if (_time.GetElapsedTime(Volatile.Read(ref _turnedAt)) >= Generation)
        {
            lock (_gate)
            {
                if (_time.GetElapsedTime(_turnedAt) >= Generation)
                {
                    Turn();
                }
            }
        }
    }

    private void Turn()
    {
        _previous = _time.GetElapsedTime(_turnedAt) >= 2 * Generation ? NewGeneration() : _current;
        _current = NewGeneration();
        _subnets = [];
        _count = 0;
        Volatile.Write(ref _turnedAt, _time.GetTimestamp());
    }
}

/// <summary>
/// The rates of one endpoint that proved its address: requests and bytes. Requests forged under other ports or neighbouring addresses do
/// not use them up.
/// </summary>
internal sealed class VerifiedEndpoint(EndpointRates rates, DateTimeOffset now)
{
    // Guards both buckets.
    private readonly Lock _gate = new();
    private TokenBucket _requests = new(rates.Requests, now);
    private TokenBucket _bytes = new(rates.Bytes, now);

    /// <summary>Whether one more request is within the rate.</summary>
    public bool TryAdmit(DateTimeOffset now)
    {
        lock (_gate)
        {
            return _requests.TryTake(rates.Requests, now);
        }
    }

    /// <summary>Counts bytes. Returns false, without counting, if they exceed the rate.</summary>
    public bool TrySend(int bytes, DateTimeOffset now)
    {
        if (!rates.LimitsBytes)
        {
            return true;
        }

        lock (_gate)
        {
            return _bytes.TryTake(rates.Bytes, now, bytes);
        }
    }

    /// <summary>Counts bytes that are sent anyway.</summary>
    public void Spend(int bytes, DateTimeOffset now)
    {
        if (rates.LimitsBytes)
        {
            lock (_gate)
            {
                _bytes.Spend(rates.Bytes, now, bytes);
            }
        }
    }
}

/// <summary>The rates of each verified endpoint.</summary>
internal sealed class EndpointRates(SourceLimits limits, UploadLimits upload)
{
    private volatile SourceLimits _limits = limits;
    private volatile UploadLimits _upload = upload;

    /// <summary>The rate of requests, equal to that of a source.</summary>
    public TokenRate Requests => _limits.PerSource;

    /// <summary>Whether bytes are limited.</summary>
    public bool LimitsBytes => _upload.PerEndpoint > 0;

    /// <summary>The rate of bytes, with a burst of one second.</summary>
    public TokenRate Bytes
    {
        get
        {
            var rate = _upload.PerEndpoint;
            return new TokenRate(rate, rate);
        }
    }

    /// <summary>Follows other rates from now on.</summary>
    public void Use(SourceLimits limits, UploadLimits upload) => (_limits, _upload) = (limits, upload);
}
