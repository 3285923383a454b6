namespace KadOrleans.Core.Admission;

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
