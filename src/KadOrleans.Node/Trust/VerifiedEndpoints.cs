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
    private NetworkShares _shares = new();
    private NetworkShares _previousShares = new();
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
            if (!_current.TryAdd(endpoint, verified ?? New(endpoint)))
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

    private static bool IsPublic(UdpEndpoint endpoint) => !endpoint.IsLoopback && !endpoint.IsLinkLocal && !endpoint.IsPrivate;

    private VerifiedEndpoint New(UdpEndpoint endpoint)
    {
        var now = _time.GetUtcNow();
        return IsPublic(endpoint)
            ? new VerifiedEndpoint(_rates, now, _shares.OfSource(endpoint, _previousShares), _shares.OfSubnet(endpoint, _previousShares))
            : new VerifiedEndpoint(_rates, now);
    }

    private void MakeRoomInSubnet(UdpEndpoint endpoint)
    {
        if (!IsPublic(endpoint))
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
        (_shares, _previousShares) = (new NetworkShares(), _shares);
        _subnets = [];
        _count = 0;
        Volatile.Write(ref _turnedAt, _time.GetTimestamp());
    }
}

/// <summary>
/// The rates of one endpoint that proved its address: requests and bytes. Requests forged under other ports or neighbouring addresses do
/// not use them up. Its bytes count for its source and its subnet too, as one host has 65,535 endpoints.
/// </summary>
internal sealed class VerifiedEndpoint(EndpointRates rates, DateTimeOffset now, ByteShare? source = null, ByteShare? subnet = null)
{
    // Guards _requests.
    private readonly Lock _gate = new();
    private readonly ByteShare _bytes = new();
    private TokenBucket _requests = new(rates.Requests, now);

    /// <summary>Whether one more request is within the rate.</summary>
    public bool TryAdmit(DateTimeOffset now)
    {
        lock (_gate)
        {
            return _requests.TryTake(rates.Requests, now);
        }
    }

    /// <summary>Counts bytes. Returns false if they exceed a rate: the endpoint's, its source's or its subnet's, in this order.</summary>
    public bool TrySend(int bytes, DateTimeOffset now) => !rates.LimitsBytes
        || (_bytes.TryTake(rates.Bytes, bytes, now)
            && source?.TryTake(rates.BytesOfSource, bytes, now) != false
            && subnet?.TryTake(rates.BytesOfSubnet, bytes, now) != false);

    /// <summary>Counts bytes that are sent anyway.</summary>
    public void Spend(int bytes, DateTimeOffset now)
    {
        if (rates.LimitsBytes)
        {
            _bytes.Spend(rates.Bytes, bytes, now);
        }
    }
}

/// <summary>The bytes that an endpoint or a network may yet be sent.</summary>
internal sealed class ByteShare
{
    // Guards _bytes.
    private readonly Lock _gate = new();

    // A default bucket was last used ages ago, so it is full.
    private TokenBucket _bytes;

    /// <summary>Counts bytes. Returns false, without counting, if they exceed the rate.</summary>
    public bool TryTake(TokenRate rate, int bytes, DateTimeOffset now)
    {
        lock (_gate)
        {
            return _bytes.TryTake(rate, now, bytes);
        }
    }

    /// <summary>Counts bytes that are sent anyway.</summary>
    public void Spend(TokenRate rate, int bytes, DateTimeOffset now)
    {
        lock (_gate)
        {
            _bytes.Spend(rate, now, bytes);
        }
    }
}

/// <summary>The shares of the networks of one generation's endpoints. One from the generation before is taken over as it is.</summary>
internal sealed class NetworkShares
{
    private readonly Dictionary<SourceNetwork, ByteShare> _sources = [];
    private readonly Dictionary<SourceNetwork, ByteShare> _subnets = [];

    /// <summary>The share of an endpoint's source: an IPv4 address or a /64.</summary>
    public ByteShare OfSource(UdpEndpoint endpoint, NetworkShares previous) =>
        Find(_sources, previous._sources, SourceNetwork.Of(endpoint));

    /// <summary>The share of an endpoint's subnet: a /24 or /48.</summary>
    public ByteShare OfSubnet(UdpEndpoint endpoint, NetworkShares previous) =>
        Find(_subnets, previous._subnets, SourceNetwork.SubnetOf(endpoint));

    private static ByteShare Find(
        Dictionary<SourceNetwork, ByteShare> current, Dictionary<SourceNetwork, ByteShare> previous, SourceNetwork network)
    {
        ref var share = ref CollectionsMarshal.GetValueRefOrAddDefault(current, network, out _);
        return share ??= previous.TryGetValue(network, out var earlier) ? earlier : new ByteShare();
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
    public TokenRate Bytes => BytesOf(1);

    /// <summary>The rate of bytes of all endpoints of one source together.</summary>
    public TokenRate BytesOfSource => BytesOf(UploadLimits.EndpointsPerSource);

    /// <summary>The rate of bytes of all endpoints of one subnet together.</summary>
    public TokenRate BytesOfSubnet => BytesOf(UploadLimits.EndpointsPerSubnet);

    /// <summary>Follows other rates from now on.</summary>
    public void Use(SourceLimits limits, UploadLimits upload) => (_limits, _upload) = (limits, upload);

    private TokenRate BytesOf(int endpoints)
    {
        var rate = (double)_upload.PerEndpoint * endpoints;
        return new TokenRate(rate, rate);
    }
}
