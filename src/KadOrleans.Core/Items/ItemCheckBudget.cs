namespace KadOrleans.Core.Items;

/// <summary>
/// Bounds what signatures that do not hold cost. Failed checks alone are charged: to the source, to its subnet, and all together. So a source that
/// sends valid items is not held up, and a flood ends with a few checks for each source. Safe for several threads.
/// </summary>
internal sealed class ItemCheckBudget
{
    /// <summary>Failed checks of one source: a program with a bug is heard again soon, and its flood costs nothing.</summary>
    public static TokenRate PerSource { get; } = new(1 / 30.0, 8);

    /// <summary>Of one subnet, as one operator has many sources. Sources whose last item was valid do not ask for it.</summary>
    public static TokenRate PerSubnet { get; } = new(1 / 10.0, 32);

    /// <summary>
    /// Of all sources that had none lately, so a flood from thousands of new ones is over once each had its turn. With
    /// <see cref="OfKnownToFail"/> it is 3,000 a second: at 80 µs each a quarter of a core.
    /// </summary>
    public static TokenRate OfClean { get; } = new(2_000, 2_000);

    /// <summary>Of all sources that had some lately.</summary>
    public static TokenRate OfKnownToFail { get; } = new(1_000, 1_000);

    /// <summary>Sources that are remembered with failed checks, and as many subnets; about 100 bytes each.</summary>
    private const int MaxTracked = 65_536;

    /// <summary>Sources that are remembered with a valid item. The older half is forgotten for new ones.</summary>
    internal const int MaxKnown = 8_192;

    private readonly TokenBucketMap _sources = new(MaxTracked);
    private readonly TokenBucketMap _subnets = new(MaxTracked);

    // Guards all below.
    private readonly Lock _gate = new();
    private TokenBucket _clean;
    private TokenBucket _knownToFail;
    private HashSet<SourceNetwork> _known = [];
    private HashSet<SourceNetwork> _knownBefore = [];

    public ItemCheckBudget(DateTimeOffset now) =>
        (_clean, _knownToFail) = (new TokenBucket(OfClean, now), new TokenBucket(OfKnownToFail, now));

    /// <summary>
    /// Why an item is not verified; null if it is to be. <see cref="StoreResult.InvalidItem"/> to a source or subnet that has sent too many
    /// that do not hold, <see cref="StoreResult.Busy"/> to one of which no valid item is known, while all together have.
    /// </summary>
    public StoreResult? FindRefusal(SourceNetwork source, DateTimeOffset now)
    {
        if (source.IsTrusted)
        {
            return null;
        }

        var left = TokensOf(source, now);
        if (left < 1)
        {
            return StoreResult.InvalidItem;
        }

        lock (_gate)
        {
            if (_known.Contains(source) || _knownBefore.Contains(source))
            {
                return null;
            }
        }

        if (_subnets.Count(source.Subnet, PerSubnet, now) < 1)
        {
            return StoreResult.InvalidItem;
        }

        lock (_gate)
        {
            return (IsClean(left) ? _clean.HasToken(OfClean, now) : _knownToFail.HasToken(OfKnownToFail, now)) ? null : StoreResult.Busy;
        }
    }

    /// <summary>Counts a verification.</summary>
    public void Record(SourceNetwork source, bool isValid, DateTimeOffset now)
    {
        if (source.IsTrusted)
        {
            return;
        }

        var wasClean = isValid || IsClean(TokensOf(source, now));
        if (!isValid)
        {
            _sources.TryTake(source, PerSource, now);
            _subnets.TryTake(source.Subnet, PerSubnet, now);
        }

        lock (_gate)
        {
            if (isValid)
            {
                Remember(source);
                return;
            }

            _known.Remove(source);
            _knownBefore.Remove(source);
            if (wasClean)
            {
                _clean.Spend(OfClean, now, 1);
            }
            else
            {
                _knownToFail.Spend(OfKnownToFail, now, 1);
            }
        }
    }

    private static bool IsClean(double left) => left >= PerSource.Burst;

    private double TokensOf(SourceNetwork source, DateTimeOffset now) => _sources.Count(source, PerSource, now) ?? PerSource.Burst;

    private void Remember(SourceNetwork source)
    {
        if (_known.Add(source) && _known.Count >= MaxKnown / 2)
        {
            (_known, _knownBefore) = ([], _known);
        }
    }
}
