namespace KadOrleans.Core.Admission;

// Counts a table's contacts by subnet, so that no network's owner can fill it. Trusted and private addresses are exempt:
// networks on one host must work. Not thread-safe.
internal sealed class SubnetDiversity(SubnetLimits? limits = null, AddressRangeSet? trusted = null)
{
    private readonly SubnetLimits _limits = limits ?? new SubnetLimits();
    private readonly AddressRangeSet _trusted = trusted ?? AddressRangeSet.Empty;
    private readonly Dictionary<SourceNetwork, int> _counts = [];

    /// <summary>The same rules for other contacts, which count apart from these.</summary>
    public SubnetDiversity Beside() => new(_limits, _trusted);

    public bool IsExempt(UdpEndpoint endpoint) => endpoint.IsLocal || _trusted.Contains(endpoint);

    /// <summary>Equal for the endpoints of one subnet, and for no two exempt ones: what counts as one voice.</summary>
    public UdpEndpoint GroupOf(UdpEndpoint endpoint)
    {
        var subnet = SourceNetwork.SubnetOf(endpoint);
        return IsExempt(endpoint) ? endpoint : UdpEndpoint.FromHalves(subnet.High, subnet.Low, 0);
    }

    public bool Allows(UdpEndpoint endpoint, int sameSubnetInBucket) =>
        IsExempt(endpoint)
        || (sameSubnetInBucket < _limits.PerBucket && CountOf(endpoint) < _limits.PerTable);

    public int CountOf(UdpEndpoint endpoint) => _counts.GetValueOrDefault(SourceNetwork.SubnetOf(endpoint));

    public void Add(UdpEndpoint endpoint)
    {
        if (!IsExempt(endpoint))
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_counts, SourceNetwork.SubnetOf(endpoint), out _)++;
        }
    }

    public void Remove(UdpEndpoint endpoint)
    {
        var subnet = SourceNetwork.SubnetOf(endpoint);
        if (!IsExempt(endpoint) && --CollectionsMarshal.GetValueRefOrAddDefault(_counts, subnet, out _) <= 0)
        {
            _counts.Remove(subnet);
        }
    }
}

/// <summary>How many contacts of one subnet (IPv4 /24, IPv6 /48) a routing table takes.</summary>
public sealed record SubnetLimits
{
    /// <summary>
    /// Contacts of one subnet in one bucket. 1 or more; default 2. With k or more, one network can own a bucket and so
    /// hide every key near it.
    /// </summary>
    [Within(1, int.MaxValue)]
    public int PerBucket { get; set; } = 2;

    /// <summary>Contacts of one subnet in the whole table. 1 or more; default 10.</summary>
    [Within(1, int.MaxValue)]
    public int PerTable { get; set; } = 10;
}
