namespace KadOrleans.Core.Admission;

/// <summary>
/// Limits how many requests each source and each subnet may have answered. Safe for several threads: sources and subnets are spread over
/// stripes with a lock each. A lock is held for one look-up, and never together with another.
/// </summary>
internal sealed class SourceLimiter
{
    // More than the threads that receive on one node; a power of two.
    private const int Stripes = 16;

    // Created on demand: a node with few requests needs few.
    private readonly TokenBucketMap?[] _sources = new TokenBucketMap?[Stripes];
    private readonly TokenBucketMap?[] _subnets = new TokenBucketMap?[Stripes];
    private volatile SourceLimits _limits;

    /// <summary>A limiter that has counted nothing.</summary>
    /// <param name="limits">Rates and the bound on memory.</param>
    public SourceLimiter(SourceLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentOutOfRangeException.ThrowIfLessThan(limits.MaxTracked, Stripes);
        _limits = limits;
    }

    /// <summary>Follows other rates from now on. The bound on memory stays.</summary>
    public void Use(SourceLimits limits) => _limits = limits;

    /// <summary>Sources remembered now, at most <see cref="SourceLimits.MaxTracked"/>.</summary>
    public int TrackedSources => _sources.Sum(stripe => stripe?.Count ?? 0);

    /// <summary>Subnets remembered now, at most <see cref="SourceLimits.MaxTracked"/>.</summary>
    public int TrackedSubnets => _subnets.Sum(stripe => stripe?.Count ?? 0);

    /// <summary>
    /// Whether a request may be handled. It counts against its source first, so that one that asks too much uses up
    /// nothing of its neighbours' share. Without allocating for a known source.
    /// </summary>
    public bool TryAdmit(UdpEndpoint source, DateTimeOffset now) =>
        TryTake(_sources, _limits.PerSource, SourceNetwork.Of(source), now) && TryAdmitSubnet(source, now);

    /// <summary>Whether a request is within the rate of its subnet, for sources that are counted on their own elsewhere.</summary>
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
    public int MaxTracked { get; set; } = 65_536;
}
