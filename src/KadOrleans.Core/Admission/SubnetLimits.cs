namespace KadOrleans.Core.Admission;

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
