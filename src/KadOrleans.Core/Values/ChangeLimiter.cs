using KadOrleans.Core.Admission;

namespace KadOrleans.Core.Values;

/// <summary>
/// Counts how often sources change live values that others stored, and limits it for each source and subnet. Anybody may
/// overwrite a key on this wire; this bounds how many keys one party can overwrite. Trusted and private sources have no
/// limit: in a network of one's own, several writers of a key are usual. Not safe for several threads.
/// </summary>
public sealed class ChangeLimiter
{
    /// <summary>Sources remembered at once, and as many subnets; about 100 bytes each.</summary>
    private const int Capacity = 4096;

    private readonly TokenBucketMap? _sources;
    private readonly TokenBucketMap? _subnets;
    private readonly HeavyHitters _changes = new();

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
        IsExempt(source) || (_sources?.HasToken(source, now) != false && _subnets?.HasToken(source.Subnet, now) != false);

    /// <summary>Counts a change that was made.</summary>
    public void Count(SourceNetwork source, DateTimeOffset now)
    {
        _changes.Count(source);
        if (!IsExempt(source))
        {
            _sources?.TryTake(source, now);
            _subnets?.TryTake(source.Subnet, now);
        }
    }

    /// <summary>The sources that changed most values of others, most first.</summary>
    public IReadOnlyList<SourceChanges> Top(int count) => _changes.Top(count);

    private static bool IsExempt(SourceNetwork source) => source.IsTrusted || source.IsPrivate;

    private static TokenBucketMap? Create(int perHour) => perHour == int.MaxValue
        ? null
        : new TokenBucketMap(new TokenRate(perHour / TimeSpan.FromHours(1).TotalSeconds, perHour), Capacity);
}
