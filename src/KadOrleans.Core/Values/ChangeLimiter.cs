using System.Runtime.InteropServices;
using KadOrleans.Core.Admission;

namespace KadOrleans.Core.Values;

/// <summary>
/// Counts how often sources change live values that others stored, and limits it for each source and subnet. Anybody may
/// overwrite a key on this wire; this bounds how many keys one party can overwrite. Trusted and private sources have no
/// limit: in a network of one's own, several writers of a key are usual. Not safe for several threads.
/// </summary>
internal sealed class ChangeLimiter
{
    /// <summary>Sources remembered at once, and as many subnets; about 100 bytes each.</summary>
    private const int Capacity = 4096;

    private readonly TokenBucketMap _sources = new(Capacity);
    private readonly TokenBucketMap _subnets = new(Capacity);
    private TokenRate? _perSource;
    private TokenRate? _perSubnet;
    private readonly HeavyHitters _changes = new();

    public ChangeLimiter(StoreQuota quota) => Use(quota);

    public void Use(StoreQuota quota)
    {
        (_perSource, _perSubnet) = (RateOf(quota.ChangesPerSource), RateOf(quota.ChangesPerSubnet));
    }

    /// <summary>Whether a source may change a value that another one stored. Takes nothing.</summary>
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

/// <summary>
/// Counts events by source within a bound: Space-Saving (Metwally, Agrawal and El Abbadi, 2005). A new source takes the place
/// and the count of the one with fewest events. So a source with more than one in <see cref="Capacity"/> of all
/// events is always among them. Not safe for several threads.
/// </summary>
internal sealed class HeavyHitters
{
    /// <summary>Sources remembered at once. The search for the least of them is linear.</summary>
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
