using KadOrleans.Core.Admission;

namespace KadOrleans.Core.Values;

/// <summary>
/// Limits how often a source, and a subnet, may change live values that others stored. Anybody may overwrite a key on this
/// wire; this bounds how many keys one party can overwrite. Not safe for several threads.
/// </summary>
public sealed class ChangeLimiter
{
    /// <summary>Sources remembered at once, and as many subnets; about 100 bytes each.</summary>
    private const int Capacity = 4096;

    private readonly TokenBucketMap? _sources;
    private readonly TokenBucketMap? _subnets;

    /// <summary>A limiter that has seen nobody.</summary>
    /// <param name="quota">Says how many changes an hour.</param>
    public ChangeLimiter(StoreQuota quota)
    {
        ArgumentNullException.ThrowIfNull(quota);
        _sources = Create(quota.ChangesPerSource);
        _subnets = Create(quota.ChangesPerSubnet);
    }

    /// <summary>Whether a source may change a value that another one stored. Takes nothing.</summary>
    public bool Allows(SourceNetwork source, DateTimeOffset now) =>
        source.IsTrusted
        || (_sources?.HasToken(source, now) != false && (source.IsPrivate || _subnets?.HasToken(source.Subnet, now) != false));

    /// <summary>Counts a change that was made.</summary>
    public void Count(SourceNetwork source, DateTimeOffset now)
    {
        if (!source.IsTrusted)
        {
            _sources?.TryTake(source, now);
            _subnets?.TryTake(source.Subnet, now);
        }
    }

    private static TokenBucketMap? Create(int perHour) => perHour == int.MaxValue
        ? null
        : new TokenBucketMap(new TokenRate(perHour / TimeSpan.FromHours(1).TotalSeconds, perHour), Capacity);
}
