namespace KadOrleans.Core.Admission;

/// <summary>How many bytes of answers a node sends, each second. Trusted sources are exempt.</summary>
public sealed record UploadLimits
{
    /// <summary>The least bound: two of the longest answers. Below it a large value could never be answered.</summary>
    public const long Least = 16_384;

    /// <summary>The highest bound.</summary>
    public const long Most = 1_000_000_000_000;

    /// <summary>What is allowed, for messages.</summary>
    public static string Allowed => $"{Least} to {Most} bytes per second are allowed, or 0 for no bound";

    /// <summary>Whether a bound is 0 or within <see cref="Least"/> and <see cref="Most"/>.</summary>
    public static bool IsValid(long bytesPerSecond) => bytesPerSecond is 0 or (>= Least and <= Most);

    /// <summary>
    /// Bytes per second to one endpoint, with as many at once after a pause. <see cref="Least"/> to <see cref="Most"/>, or 0 for no
    /// bound; default 1,000,000. Anybody can forge the address of an endpoint that has proved it: this is what they can draw onto it.
    /// </summary>
    public long PerEndpoint { get; set; } = 1_000_000;

    /// <summary>
    /// Bytes per second to all endpoints together, with as many at once after a pause. <see cref="Least"/> to <see cref="Most"/>, or 0
    /// for no bound; default 0. A bound below what the network asks for costs contacts: without responses they take this node for dead.
    /// </summary>
    public long Total { get; set; }
}
