namespace KadOrleans.Core.Values;

// Limits how often a source and a subnet change live values that others stored: anybody may overwrite a key on this wire.
// Trusted and private sources are exempt: in one's own network several writers of a key are usual. Not thread-safe.
internal sealed class ChangeLimiter
{
    /// <summary>About 100 bytes each, and as many subnets.</summary>
    private const int Capacity = 4096;

    private readonly TokenBucketMap _sources = new(Capacity);
    private readonly TokenBucketMap _subnets = new(Capacity);
    private TokenRate? _perSource;
    private TokenRate? _perSubnet;
    private readonly HeavyHitters _changes = new();

    public ChangeLimiter(StoreQuota quota) => Use(quota);

    public void Use(StoreQuota quota) =>
        (_perSource, _perSubnet) = (RateOf(quota.ChangesPerSource), RateOf(quota.ChangesPerSubnet));

    public bool Allows(SourceNetwork source, DateTimeOffset now) =>
        IsExempt(source) || (HasToken(_sources, source, _perSource, now) && HasToken(_subnets, source.Subnet, _perSubnet, now));

    public void Count(SourceNetwork source, DateTimeOffset now)
    {
        _changes.Count(source);
        if (!IsExempt(source))
        {
            Spend(_sources, source, _perSource, now);
            Spend(_subnets, source.Subnet, _perSubnet, now);
        }
    }

    public IReadOnlyList<SourceChanges> Top(int count) => _changes.Top(count);

    private static bool IsExempt(SourceNetwork source) => source.IsTrusted || source.IsPrivate;

    private static bool HasToken(TokenBucketMap buckets, SourceNetwork network, TokenRate? rate, DateTimeOffset now) =>
        rate is not { } limit || buckets.HasToken(network, limit, now);

    private static void Spend(TokenBucketMap buckets, SourceNetwork network, TokenRate? rate, DateTimeOffset now)
    {
        if (rate is { } limit)
        {
            buckets.TryTake(network, limit, now);
        }
    }

    private static TokenRate? RateOf(int perHour) =>
        perHour == int.MaxValue ? null : new TokenRate(perHour / TimeSpan.FromHours(1).TotalSeconds, perHour);
}
