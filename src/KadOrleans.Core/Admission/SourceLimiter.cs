namespace KadOrleans.Core.Admission;

/// <summary>
/// Limits how many requests each source and each subnet may have answered. Safe for several threads: sources and
/// subnets are spread over stripes, each with a lock of its own that is held for one look-up and no other lock.
/// </summary>
public sealed class SourceLimiter
{
    // More than the threads that receive on one node; a power of two.
    private const int Stripes = 16;

    private readonly TokenBucketMap[] _sources;
    private readonly TokenBucketMap[] _subnets;
    private readonly AddressRangeSet _trusted;

    /// <summary>A limiter that has seen nobody.</summary>
    /// <param name="limits">Rates and the bound on memory.</param>
    /// <param name="trusted">Addresses that are always admitted and not remembered.</param>
    public SourceLimiter(SourceLimits limits, AddressRangeSet? trusted = null)
    {
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentOutOfRangeException.ThrowIfLessThan(limits.MaxTracked, Stripes);
        _sources = CreateStripes(limits.PerSource, limits.MaxTracked);
        _subnets = CreateStripes(limits.PerSubnet, limits.MaxTracked);
        _trusted = trusted ?? AddressRangeSet.Empty;
    }

    /// <summary>Sources remembered now, at most <see cref="SourceLimits.MaxTracked"/>.</summary>
    public int TrackedSources => _sources.Sum(stripe => stripe.Count);

    /// <summary>Subnets remembered now, at most <see cref="SourceLimits.MaxTracked"/>.</summary>
    public int TrackedSubnets => _subnets.Sum(stripe => stripe.Count);

    /// <summary>
    /// Whether a request may be handled. It counts against its source first, so that one that asks too much uses up
    /// nothing of its neighbours' share. Without allocating for a known source.
    /// </summary>
    public bool TryAdmit(UdpEndpoint source, DateTimeOffset now) =>
        _trusted.Contains(source)
        || (TryTake(_sources, SourceNetwork.Of(source), now) && TryTake(_subnets, SourceNetwork.SubnetOf(source), now));

    private static bool TryTake(TokenBucketMap[] stripes, SourceNetwork network, DateTimeOffset now) =>
        stripes[network.GetHashCode() & (Stripes - 1)].TryTake(network, now);

    private static TokenBucketMap[] CreateStripes(TokenRate rate, int capacity)
    {
        var stripes = new TokenBucketMap[Stripes];
        for (var i = 0; i < Stripes; i++)
        {
            stripes[i] = new TokenBucketMap(rate, capacity / Stripes);
        }

        return stripes;
    }
}
