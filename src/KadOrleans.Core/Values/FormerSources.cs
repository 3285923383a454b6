namespace KadOrleans.Core.Values;

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
