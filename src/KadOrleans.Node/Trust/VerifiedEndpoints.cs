using System.Diagnostics.CodeAnalysis;

namespace KadOrleans.Node;

/// <summary>Endpoints that have answered, so their address is not forged, in two generations. Reading takes no lock.</summary>
internal sealed class VerifiedEndpoints(TimeProvider time, EndpointRates rates)
{
    /// <summary>A proof holds for this time, and at most twice: an address may change its owner.</summary>
    public static readonly TimeSpan Generation = TimeSpan.FromMinutes(10);

    /// <summary>Endpoints per generation: some 20 MB at the most.</summary>
    public const int Capacity = 65_536;

    /// <summary>Endpoints of one public subnet (/24, /48), whose owner must not end generations at will.</summary>
    public const int MaxPerSubnet = 1_024;

    // Guards the turn of generations, and what is added.
    private readonly Lock _gate = new();
    private volatile ConcurrentDictionary<UdpEndpoint, VerifiedEndpoint> _current = NewGeneration();
    private volatile ConcurrentDictionary<UdpEndpoint, VerifiedEndpoint> _previous = NewGeneration();
    private Dictionary<SourceNetwork, Queue<UdpEndpoint>> _subnets = [];
    private NetworkShares _shares = new();
    private NetworkShares _previousShares = new();
    private int _count;
    private long _turnedAt = time.GetTimestamp();

    public bool Contains(UdpEndpoint endpoint) => TryGet(endpoint, out _);

    public bool TryGet(UdpEndpoint endpoint, [MaybeNullWhen(false)] out VerifiedEndpoint verified)
    {
        TurnIfOld();
        return _current.TryGetValue(endpoint, out verified) || _previous.TryGetValue(endpoint, out verified);
    }

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

    private VerifiedEndpoint New(UdpEndpoint endpoint) => IsPublic(endpoint)
        ? new VerifiedEndpoint(rates, _shares.OfSource(endpoint, _previousShares), _shares.OfSubnet(endpoint, _previousShares))
        : new VerifiedEndpoint(rates);

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
        if (time.GetElapsedTime(Volatile.Read(ref _turnedAt)) >= Generation)
        {
            lock (_gate)
            {
                if (time.GetElapsedTime(_turnedAt) >= Generation)
                {
                    Turn();
                }
            }
        }
    }

    private void Turn()
    {
        _previous = time.GetElapsedTime(_turnedAt) >= 2 * Generation ? NewGeneration() : _current;
        _current = NewGeneration();
        (_shares, _previousShares) = (new NetworkShares(), _shares);
        _subnets = [];
        _count = 0;
        Volatile.Write(ref _turnedAt, time.GetTimestamp());
    }
}

/// <summary>The rates of one proven endpoint. Its bytes count for its source too, as a host has 65,535 endpoints.</summary>
internal sealed class VerifiedEndpoint(EndpointRates rates, SharedBucket? source = null, SharedBucket? subnet = null)
{
    private readonly SharedBucket _requests = new();
    private readonly SharedBucket _bytes = new();

    public bool TryAdmit(DateTimeOffset now) => _requests.TryTake(rates.Requests, 1, now);

    public bool TrySend(int bytes, DateTimeOffset now) => !rates.LimitsBytes
        || (_bytes.TryTake(rates.Bytes, bytes, now)
            && source?.TryTake(rates.BytesOfSource, bytes, now) != false
            && subnet?.TryTake(rates.BytesOfSubnet, bytes, now) != false);

    public void Spend(int bytes, DateTimeOffset now)
    {
        if (rates.LimitsBytes)
        {
            _bytes.Spend(rates.Bytes, bytes, now);
        }
    }
}

internal sealed class SharedBucket
{
    // Guards _bucket.
    private readonly Lock _gate = new();

    // A default bucket was last used long ago, so it is full.
    private TokenBucket _bucket;

    public bool TryTake(TokenRate rate, int amount, DateTimeOffset now)
    {
        lock (_gate)
        {
            return _bucket.TryTake(rate, now, amount);
        }
    }

    public void Spend(TokenRate rate, int amount, DateTimeOffset now)
    {
        lock (_gate)
        {
            _bucket.Spend(rate, now, amount);
        }
    }
}

/// <summary>The buckets of one generation's networks. Those of the generation before are taken over.</summary>
internal sealed class NetworkShares
{
    private readonly Dictionary<(SourceNetwork, bool IsSubnet), SharedBucket> _shares = [];

    /// <summary>A source is an IPv4 address or a /64.</summary>
    public SharedBucket OfSource(UdpEndpoint endpoint, NetworkShares previous) => Find((SourceNetwork.Of(endpoint), false), previous);

    /// <summary>A subnet is a /24 or a /48.</summary>
    public SharedBucket OfSubnet(UdpEndpoint endpoint, NetworkShares previous) => Find((SourceNetwork.SubnetOf(endpoint), true), previous);

    private SharedBucket Find((SourceNetwork, bool IsSubnet) network, NetworkShares previous)
    {
        ref var share = ref CollectionsMarshal.GetValueRefOrAddDefault(_shares, network, out _);
        return share ??= previous._shares.GetValueOrDefault(network) ?? new SharedBucket();
    }
}

internal sealed class EndpointRates(SourceLimits limits, UploadLimits upload)
{
    private volatile SourceLimits _limits = limits;
    private volatile UploadLimits _upload = upload;

    public TokenRate Requests => _limits.PerSource;

    public bool LimitsBytes => _upload.PerEndpoint > 0;

    public TokenRate Bytes => BytesOf(1);

    public TokenRate BytesOfSource => BytesOf(UploadLimits.EndpointsPerSource);

    public TokenRate BytesOfSubnet => BytesOf(UploadLimits.EndpointsPerSubnet);

    public void Use(SourceLimits limits, UploadLimits upload) => (_limits, _upload) = (limits, upload);

    private TokenRate BytesOf(int endpoints)
    {
        var rate = (double)_upload.PerEndpoint * endpoints;
        return new TokenRate(rate, rate);
    }
}
