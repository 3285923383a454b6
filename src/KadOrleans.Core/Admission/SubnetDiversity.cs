using System.Runtime.InteropServices;

namespace KadOrleans.Core.Admission;

// Counts a table's contacts by subnet, so that the owner of one network cannot fill it. Trusted and private addresses are exempt:
// a private one does not show who owns it, and networks on one host must work. Not safe for several threads.
internal sealed class SubnetDiversity(SubnetLimits? limits = null, AddressRangeSet? trusted = null)
{
    private readonly SubnetLimits _limits = limits ?? new SubnetLimits();
    private readonly AddressRangeSet _trusted = trusted ?? AddressRangeSet.Empty;
    private readonly Dictionary<SourceNetwork, int> _counts = [];

    public bool IsExempt(UdpEndpoint endpoint) => endpoint.IsLocal || _trusted.Contains(endpoint);

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
    public int PerBucket { get; set; } = 2;

    /// <summary>Contacts of one subnet in the whole table. 1 or more; default 10.</summary>
    public int PerTable { get; set; } = 10;
}
