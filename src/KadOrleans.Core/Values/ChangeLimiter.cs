
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
            Take(_sources, source, _perSource, now);
            Take(_subnets, source.Subnet, _perSubnet, now);
        }
    }

    public IReadOnlyList<SourceChanges> Top(int count) => _changes.Top(count);

    private static bool IsExempt(SourceNetwork source) => source.IsTrusted || source.IsPrivate;

    private static bool HasToken(TokenBucketMap buckets, SourceNetwork network, TokenRate? rate, DateTimeOffset now) =>
        rate is not { } limit || buckets.HasToken(network, limit, now);

    private static void Take(TokenBucketMap buckets, SourceNetwork network, TokenRate? rate, DateTimeOffset now)
    {
        if (rate is { } limit)
        {
            buckets.TryTake(network, limit, now);
        }
    }

    private static TokenRate? RateOf(int perHour) =>
        perHour == int.MaxValue ? null : new TokenRate(perHour / TimeSpan.FromHours(1).TotalSeconds, perHour);
}

// Counts events by source: Space-Saving (Metwally, Agrawal and El Abbadi, 2005). A new source inherits the count of the one
// with fewest. So a source with more than one in Capacity of all events is always there. Not thread-safe.
internal sealed class HeavyHitters
{
    /// <summary>The search for the least of them is linear.</summary>
    public const int Capacity = 256;

    private readonly Dictionary<SourceNetwork, long> _counts = [];

    public void Count(SourceNetwork source)
    {
        var inherited = 0L;
        if (_counts.Count == Capacity && !_counts.ContainsKey(source))
        {
            var least = _counts.MinBy(entry => entry.Value);
            inherited = least.Value;
            _counts.Remove(least.Key);
        }

        ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_counts, source, out var isKnown);
        count += isKnown ? 1 : inherited + 1;
    }

    public IReadOnlyList<SourceChanges> Top(int count) =>
        [.. _counts.OrderByDescending(entry => entry.Value).Take(count).Select(entry => new SourceChanges(entry.Key, entry.Value))];
}

/// <summary>How many live values a source replaced that others had stored.</summary>
/// <param name="Source">The source.</param>
/// <param name="Changed">How many. Where more sources did so than are remembered, it may be too high, never too low.</param>
public readonly record struct SourceChanges(SourceNetwork Source, long Changed);

// Remembers for a day from whom another source took a key, and what: it gets that back at no charge, and as often as it is taken. Not thread-safe.
internal sealed class FormerSources
{
    public static readonly TimeSpan Kept = TimeSpan.FromDays(1);

    // About 140 bytes each. The least is what one subnet may take in an hour, by default.
    private const int Least = 2_400;
    private const int Most = 65_536;
    private const int KeysForEach = 16;

    private readonly int _capacity;
    private readonly Dictionary<NodeId, Former> _byKey = [];

    // A key that was forgotten stays here until its turn.
    private readonly Queue<(NodeId Key, DateTimeOffset Since)> _order = new();

    public FormerSources(StoreQuota quota) => _capacity = Math.Clamp(quota.TotalKeys / KeysForEach, Least, Most);

    public int Count => _byKey.Count;

    public bool Has(NodeId key, SourceNetwork source, DateTimeOffset now) =>
        _byKey.TryGetValue(key, out var former)
        && (former.Source == source || (source.IsProven && former.Source == source.Address))
        && now.Since(former.Since) < Kept;

    /// <summary>Whether this very value was taken, and nobody had shown a token for it.</summary>
    public bool HasPlain(NodeId key, DhtValue value) =>
        _byKey.TryGetValue(key, out var former) && former.Plain is { } taken && taken == ValueContent.DigestOf(value);

    /// <summary>The first source of several in a row keeps its claim.</summary>
    public void Remember(NodeId key, StoredValue taken, DateTimeOffset now)
    {
        var source = taken.Source;
        if ((taken.IsAuthored && (source.IsTrusted || source.IsPrivate)) || (_byKey.TryGetValue(key, out var former) && now.Since(former.Since) < Kept))
        {
            // With a token these change what they like at no charge, or another one has the claim.
            return;
        }

        _byKey[key] = new Former(source, now, taken.IsAuthored ? null : ValueContent.DigestOf(taken.Value));
        _order.Enqueue((key, now));
        while (_order.Count > _capacity)
        {
            var (oldest, since) = _order.Dequeue();
            if (_byKey.TryGetValue(oldest, out var held) && held.Since == since)
            {
                _byKey.Remove(oldest);
            }
        }
    }

    public void Forget(NodeId key) => _byKey.Remove(key);

    private readonly record struct Former(SourceNetwork Source, DateTimeOffset Since, UInt128? Plain);
}
