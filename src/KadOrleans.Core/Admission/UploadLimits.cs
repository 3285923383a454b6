namespace KadOrleans.Core.Admission;

/// <summary>Limits on the bytes of responses per second. Trusted sources are exempt.</summary>
public sealed record UploadLimits
{
    /// <summary>The lowest bound: two of the longest responses. Below it a large value could never be sent.</summary>
    internal const long Least = 16_384;

    /// <summary>The highest bound.</summary>
    internal const long Most = 1_000_000_000_000;

    /// <summary>Bounds of <see cref="PerEndpoint"/> that the endpoints of one public source (an IPv4 address or a /64) share.</summary>
    internal const int EndpointsPerSource = 4;

    /// <summary>Bounds of <see cref="PerEndpoint"/> that the endpoints of one public subnet (/24, /48) share.</summary>
    internal const int EndpointsPerSubnet = 16;

    /// <summary>
    /// Bytes per second to one endpoint, with a burst of one second. 16,384 to 1,000,000,000,000, or 0 for no bound; default
    /// 1,000,000. Anybody can forge the address of an endpoint that has proved it, and so direct this many bytes at it.
    /// The endpoints of one source share four times as much, those of one subnet sixteen times.
    /// </summary>
    [Within(Least, Most, OrZero = true)]
    public long PerEndpoint { get; set; } = 1_000_000;

    /// <summary>
    /// Bytes per second to all endpoints together, with a burst of one second. 16,384 to 1,000,000,000,000, or 0 for no
    /// bound; default 0. Republishing and hand-off count too, and take up to half of it. A bound that is too low for the network's requests
    /// costs contacts: without responses they drop this node.
    /// </summary>
    [Within(Least, Most, OrZero = true)]
    public long Total { get; set; }
}
