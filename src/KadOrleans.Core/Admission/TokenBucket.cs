namespace KadOrleans.Core.Admission;

// Admits events at a rate, which every call gives: so many buckets of one rate stay small. Not safe for several threads.
internal struct TokenBucket
{
    // Calls may come in another order than their times, as those of edges that wait for one shard: then no tokens come twice.
    private static readonly long LeastSetBack = TimeSpan.FromMinutes(1).Ticks;

    private double _tokens;
    private DateTimeOffset _updated;

    public TokenBucket(TokenRate rate, DateTimeOffset now) => (_tokens, _updated) = (rate.Burst, now);

    public bool TryTake(TokenRate rate, DateTimeOffset now, double amount = 1)
    {
        Fill(rate, now);
        var isTaken = _tokens >= amount;
        _tokens -= isTaken ? amount : 0;
        return isTaken;
    }

    /// <summary>Takes several tokens, or all there are: it counts what cannot be refused.</summary>
    public void Spend(TokenRate rate, DateTimeOffset now, double amount)
    {
        Fill(rate, now);
        _tokens = Math.Max(0, _tokens - amount);
    }

    public bool HasToken(TokenRate rate, DateTimeOffset now) => Count(rate, now) >= 1;

    public bool IsFull(TokenRate rate, DateTimeOffset now) => Count(rate, now) >= rate.Burst;

    /// <summary>The tokens that are there now.</summary>
    public double Count(TokenRate rate, DateTimeOffset now)
    {
        Fill(rate, now);
        return _tokens;
    }

    // A clock that was set back brings no tokens and takes none away; they come by the new time from the first call on, also one that takes none.
    private void Fill(TokenRate rate, DateTimeOffset now)
    {
        var elapsed = (now - _updated).Ticks;
        _tokens = Math.Min(rate.Burst, _tokens + (Math.Max(0, elapsed) / (double)TimeSpan.TicksPerSecond * rate.PerSecond));
        _updated = elapsed > 0 || elapsed < -LeastSetBack ? now : _updated;
    }
}

/// <summary>How often something may happen.</summary>
/// <param name="PerSecond">In the long run, per second; above 0.</param>
/// <param name="Burst">At once, after a pause; 1 or more.</param>
public readonly record struct TokenRate(double PerSecond, double Burst);

// A bounded number of buckets by network, of one rate. A new network replaces one whose bucket has refilled, which loses nothing.
// If a few tries find none, new networks share one bucket.
internal sealed class TokenBucketMap(int capacity)
{
    private const int EvictionTries = 8;

    // Guards all that follows. One map is one stripe of a limiter, so receivers of different sources rarely meet here.
    private readonly Lock _gate = new();
    private readonly Dictionary<SourceNetwork, int> _places = [];
    private readonly List<(SourceNetwork Network, TokenBucket Bucket)> _buckets = [];
    private TokenBucket? _strangers;
    private int _hand;

    public bool TryTake(SourceNetwork network, TokenRate rate, DateTimeOffset now)
    {
        lock (_gate)
        {
            if (!_places.TryGetValue(network, out var place) && !TryFindPlace(network, rate, now, out place))
            {
                var strangers = _strangers ?? new TokenBucket(rate, now);
                var admitted = strangers.TryTake(rate, now);
                _strangers = strangers;
                return admitted;
            }

            return At(place).TryTake(rate, now);
        }
    }

    public bool HasToken(SourceNetwork network, TokenRate rate, DateTimeOffset now)
    {
        lock (_gate)
        {
            if (_places.TryGetValue(network, out var place))
            {
                return At(place).HasToken(rate, now);
            }

            if (_buckets.Count < capacity || FindFull(rate, now) >= 0 || _strangers is not { } strangers)
            {
                return rate.Burst >= 1;
            }

            var hasToken = strangers.HasToken(rate, now);
            _strangers = strangers;
            return hasToken;
        }
    }

    /// <summary>The tokens of a network; null if it has no bucket, as its own was full or there is no room for it.</summary>
    public double? Count(SourceNetwork network, TokenRate rate, DateTimeOffset now)
    {
        lock (_gate)
        {
            return _places.TryGetValue(network, out var place) ? At(place).Count(rate, now) : null;
        }
    }

    private ref TokenBucket At(int place) => ref CollectionsMarshal.AsSpan(_buckets)[place].Bucket;

    // A full bucket among the next few of the round, which may be forgotten; -1 if there is none.
    private int FindFull(TokenRate rate, DateTimeOffset now)
    {
        for (var i = 0; i < EvictionTries; i++)
        {
            var place = (_hand + i) % capacity;
            if (At(place).IsFull(rate, now))
            {
                return place;
            }
        }

        return -1;
    }

    private bool TryFindPlace(SourceNetwork network, TokenRate rate, DateTimeOffset now, out int place)
    {
        var entry = (network, new TokenBucket(rate, now));
        if (_buckets.Count < capacity)
        {
            place = _buckets.Count;
            _buckets.Add(entry);
        }
        else
        {
            place = FindFull(rate, now);
            _hand = (place < 0 ? _hand + EvictionTries : place + 1) % capacity;
            if (place < 0)
            {
                return false;
            }

            _places.Remove(_buckets[place].Network);
            _buckets[place] = entry;
        }

        _places.Add(network, place);
        return true;
    }
}

// Limits how many requests of each source and subnet are answered. Safe for several threads: networks are spread over stripes
// with a lock each. A lock is held for one look-up, and never together with another.
internal sealed class SourceLimiter
{
    // More than the threads that receive on one node; a power of two.
    private const int Stripes = 16;

    // Created on demand: a node with few requests needs few.
    private readonly TokenBucketMap?[] _sources = new TokenBucketMap?[Stripes];
    private readonly TokenBucketMap?[] _subnets = new TokenBucketMap?[Stripes];
    private volatile SourceLimits _limits;

    public SourceLimiter(SourceLimits limits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limits.MaxTracked, Stripes);
        _limits = limits;
    }

    public void Use(SourceLimits limits) => _limits = limits;

    // The source comes first, so that a flood uses up nothing of its neighbours' share. Allocates nothing for a known source.
    public bool TryAdmit(UdpEndpoint source, DateTimeOffset now) =>
        TryTake(_sources, _limits.PerSource, SourceNetwork.Of(source), now) && TryAdmitSubnet(source, now);

    /// <summary>Of sources that are counted on their own elsewhere.</summary>
    public bool TryAdmitSubnet(UdpEndpoint source, DateTimeOffset now) =>
        TryTake(_subnets, _limits.PerSubnet, SourceNetwork.SubnetOf(source), now);

    private bool TryTake(TokenBucketMap?[] stripes, TokenRate rate, SourceNetwork network, DateTimeOffset now)
    {
        ref var stripe = ref stripes[network.GetHashCode() & (Stripes - 1)];
        return (Volatile.Read(ref stripe) ?? Create(ref stripe)).TryTake(network, rate, now);
    }

    // Of two threads that make one at the same time, the second takes the first's.
    private TokenBucketMap Create(ref TokenBucketMap? stripe)
    {
        var made = new TokenBucketMap(_limits.MaxTracked / Stripes);
        return Interlocked.CompareExchange(ref stripe, made, null) ?? made;
    }
}

/// <summary>The rates of requests that a node answers.</summary>
public sealed record SourceLimits
{
    /// <summary>
    /// Requests of one source (<see cref="SourceNetwork.Of"/>). Default 5,000 per second, with a burst of 10,000: more than the network's
    /// other nodes can send, and far below what fills a core. A refused node drops us as unresponsive, so too low a limit costs contacts.
    /// </summary>
    public TokenRate PerSource { get; set; } = new(5_000, 10_000);

    /// <summary>Requests of one subnet (<see cref="SourceNetwork.SubnetOf"/>). Default 20,000 per second, with a burst of 40,000.</summary>
    public TokenRate PerSubnet { get; set; } = new(20_000, 40_000);

    /// <summary>
    /// Sources remembered at once, and as many subnets; about 100 bytes each. 16 or more; default 65,536. If it is too low, strangers share
    /// too little under a flood of forged sources.
    /// </summary>
    [Within(16, int.MaxValue)]
    public int MaxTracked { get; set; } = 65_536;
}

/// <summary>
/// The source that a datagram is counted against: one IPv4 address, or the /64 of an IPv6 address, which belongs to one customer. The
/// default value stands for this node and its trusted sources, which are not counted.
/// </summary>
/// <param name="High">Upper 64 bits of the address in its IPv6 or IPv6-mapped form.</param>
/// <param name="Low">Lower 64 bits, 0 for an IPv6 source.</param>
public readonly record struct SourceNetwork(ulong High, ulong Low)
{
    // Of Low, which no address has: that of an IPv4 source begins with 16 zeros, and an IPv6 source has none.
    private const ulong ProvenBit = 1UL << 63;

    /// <summary>This node itself and sources in its trusted ranges.</summary>
    public static SourceNetwork Trusted => default;

    /// <summary>Whether no limit applies.</summary>
    public bool IsTrusted => High == 0 && Low == 0;

    /// <summary>
    /// Whether a write token proves that the source itself wrote. What is only said to come from it is counted apart, as sources can
    /// be forged: nobody pays for what was written in their name. Never of <see cref="Trusted"/>, which has no account.
    /// </summary>
    public bool IsProven => (Low & ProvenBit) != 0;

    /// <summary>The network, whether proven or not.</summary>
    public SourceNetwork Address => new(High, Low & ~ProvenBit);

    /// <summary>The wider network of a source, as <see cref="SubnetOf"/> has it for an endpoint. It is proven if the source is.</summary>
    public SourceNetwork Subnet
    {
        get
        {
            var low = Low & ~ProvenBit;
            var subnet = High == 0 ? (low == Lowest.Low ? Lowest : new SourceNetwork(0, low & ~0xFFUL)) : OfIPv6(High & ~0xFFFFUL);
            return subnet.WithProof(IsProven);
        }
    }

    /// <summary>The same network, proven or not.</summary>
    public SourceNetwork WithProof(bool isProven) => isProven && !IsTrusted ? new(High, Low | ProvenBit) : Address;

    /// <summary>Whether the addresses are loopback, link-local or private: they say nothing of who owns them.</summary>
    public bool IsPrivate => Address == Lowest || Endpoint.IsLocal;

    private UdpEndpoint Endpoint => UdpEndpoint.FromHalves(High, Address.Low, 0);

    // The lowest IPv6 network without the IPv4 in it, such as loopback. It is not zero: a forged ::2 would pass for Trusted.
    private static SourceNetwork Lowest => new(0, 1);

    /// <summary>The source that an endpoint belongs to; never <see cref="Trusted"/>.</summary>
    public static SourceNetwork Of(UdpEndpoint endpoint) =>
        endpoint.IsIPv4 ? new SourceNetwork(0, endpoint.AddressLow) : OfIPv6(endpoint.AddressHigh);

    /// <summary>
    /// The wider network of an endpoint, the share of one operator: an IPv4 /24 or an IPv6 /48. Never <see cref="Trusted"/>.
    /// </summary>
    public static SourceNetwork SubnetOf(UdpEndpoint endpoint) => endpoint.IsIPv4
        ? new SourceNetwork(0, endpoint.AddressLow & ~0xFFUL)
        : OfIPv6(endpoint.AddressHigh & ~0xFFFFUL);

    /// <summary>Under a secret of the process: a stranger who forges sources cannot choose ones that collide.</summary>
    public override int GetHashCode() => GetHashCode(UniversalHash.OfProcess);

    internal int GetHashCode(in UniversalHash hash) => hash.Compute(High, Low);

    /// <summary>The bytes of its encoded form.</summary>
    internal const int EncodedLength = 2 * sizeof(ulong);

    /// <summary>Writes both numbers, big-endian.</summary>
    internal void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, High);
        BinaryPrimitives.WriteUInt64BigEndian(destination[sizeof(ulong)..], Low);
    }

    /// <summary>Reads what <see cref="CopyTo"/> wrote.</summary>
    internal static SourceNetwork Decode(ReadOnlySpan<byte> encoded) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(encoded), BinaryPrimitives.ReadUInt64BigEndian(encoded[sizeof(ulong)..]));

    /// <summary>Two groups of 16 hexadecimal digits of <see cref="Address"/>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{High:x16}{Address.Low:x16}");

    /// <summary>For people: an IPv4 address, an IPv6 /64 such as <c>2001:db8::/64</c>, or "trusted".</summary>
    public string ToText() => IsTrusted ? "trusted" : $"{Endpoint.ToIPAddress()}{(Endpoint.IsIPv4 ? "" : "/64")}";

    // For logs: whoever acts on them must not ban a node in whose name others wrote.
    internal string ToAccountText() => IsTrusted || IsProven ? ToText() : $"{ToText()} (not proven)";

    private static SourceNetwork OfIPv6(ulong high) => high == 0 ? Lowest : new SourceNetwork(high, 0);
}
