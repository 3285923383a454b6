using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace KadOrleans.Core.Values;

/// <summary>
/// Keys and their values in memory, with their time to live and their quotas. Not safe for several threads:
/// whoever owns it serialises calls.
/// </summary>
public sealed class KeyShard
{
    /// <inheritdoc cref="StoreDecision.NegligibleLife"/>
    public static readonly TimeSpan NegligibleLife = StoreDecision.NegligibleLife;

    private readonly Dictionary<NodeId, CountedValue> _values = [];
    private readonly StoreAccounts _accounts;

    /// <summary>An empty shard.</summary>
    /// <param name="quota">Its bounds.</param>
    public KeyShard(StoreQuota quota)
    {
        _accounts = new StoreAccounts(quota);
        Values = new KeyShardValues(_values);
    }

    /// <summary>Keys held, expired ones included until <see cref="RemoveExpired"/> sees them.</summary>
    public int Count => _values.Count;

    /// <summary>Sum of the values' footprints in bytes.</summary>
    public long Bytes => _accounts.Bytes;

    /// <summary>What <see cref="Put"/> evicted and changed so far.</summary>
    public StoreTurnover Turnover { get; private set; }

    /// <summary>The sources that changed most values of others, most first.</summary>
    public IReadOnlyList<SourceChanges> GetTopChanges(int count) => _accounts.Changes.Top(count);

    /// <summary>All keys and values, in no order. The shard must not change meanwhile.</summary>
    public IReadOnlyDictionary<NodeId, StoredValue> Values { get; }

    /// <summary>The value of <paramref name="key"/>, unless it has none that is alive at <paramref name="now"/>.</summary>
    public bool TryGet(NodeId key, DateTimeOffset now, [NotNullWhen(true)] out StoredValue? value)
    {
        value = _values.TryGetValue(key, out var held) && !held.Value.IsExpired(now) ? held.Value : null;
        return value is not null;
    }

    /// <summary>Which keys are near; values of others are evicted first.</summary>
    public void SetArea(ResponsibleArea area)
    {
        _accounts.Area = area;
        _accounts.Judge(int.MaxValue);
    }

    /// <summary>Decides what becomes of a value, as <see cref="StoreDecision.Make"/> does, and changes nothing.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="offered">The value; its <see cref="StoredValue.StoredAt"/> is the present moment, but for an import's.</param>
    /// <param name="kind">Where it comes from.</param>
    public StoreDecision Decide(NodeId key, StoredValue offered, PutKind kind = PutKind.Publication) =>
        StoreDecision.Make(key, _values.TryGetValue(key, out var held) ? held : null, offered, kind, _accounts);

    /// <summary>What <see cref="Put"/> would answer.</summary>
    public StoreResult CheckPut(NodeId key, StoredValue value, PutKind kind = PutKind.Publication) => Decide(key, value, kind).Result;

    /// <summary>Does what <see cref="Decide"/> says.</summary>
    public StoreResult Put(NodeId key, StoredValue value, PutKind kind = PutKind.Publication)
    {
        var decision = Decide(key, value, kind);
        Charge(decision);
        foreach (var evicted in decision.Evicted)
        {
            Remove(evicted.Key);
        }

        if (decision.Held is { } held)
        {
            Restore(key, held);
        }

        Note(decision);
        return decision.Result;
    }

    /// <summary>Counts what a decision that was carried out evicted and changed. <see cref="Put"/> does so itself.</summary>
    public void Note(StoreDecision decision) => Turnover = Turnover.Add(decision);

    /// <summary>
    /// Counts a decided change against its source's limit, even if it cannot be carried out later: decisions that wait for one
    /// write must know of each other. <see cref="Put"/> does so itself.
    /// </summary>
    public void Charge(StoreDecision decision)
    {
        if (decision.IsChange)
        {
            _accounts.Changes.Count(decision.Held!.Source, decision.Held.StoredAt);
        }
    }

    /// <summary>Holds a value that was accepted earlier, whatever the quotas are now.</summary>
    public void Restore(NodeId key, StoredValue value)
    {
        ref var held = ref CollectionsMarshal.GetValueRefOrAddDefault(_values, key, out var exists);
        held = new CountedValue(value, exists ? _accounts.Replace(key, held, value) : _accounts.Add(key, value));
    }

    /// <summary>Forgets a key. False if it was not held.</summary>
    public bool Remove(NodeId key)
    {
        if (!_values.Remove(key, out var old))
        {
            return false;
        }

        _accounts.Remove(old);
        return true;
    }

    /// <summary>Forgets what is expired at <paramref name="now"/> and returns the keys.</summary>
    public IReadOnlyList<NodeId> RemoveExpired(DateTimeOffset now)
    {
        var expired = new List<NodeId>();
        foreach (var (key, held) in _values)
        {
            if (held.Value.IsExpired(now))
            {
                expired.Add(key);
            }
        }

        foreach (var key in expired)
        {
            Remove(key);
        }

        return expired;
    }
}
