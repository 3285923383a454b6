using System.Runtime.InteropServices;

namespace KadOrleans.Core.Values;

/// <summary>
/// The changes of one write to storage: the new value of each key. Until <see cref="Apply"/> the shard shows the stored values. The shard's
/// accounts count the planned changes, so that each decision knows the earlier ones. <see cref="Apply"/> or <see cref="Abandon"/> ends the
/// plan. A shard has one plan at a time.
/// </summary>
internal sealed class KeyShardPlan(KeyShard shard)
{
    private readonly KeyShard _shard = shard ?? throw new ArgumentNullException(nameof(shard));
    private readonly Dictionary<NodeId, Change> _changes = [];

    /// <summary>The counts of values that the plan evicts and changes, for <see cref="KeyShard.Note"/> once it is stored.</summary>
    public StoreTurnover Turnover { get; private set; }

    /// <summary>Whether there is anything to store.</summary>
    public bool NeedsWrite { get; private set; }

    /// <summary>
    /// The changes to store: keys with their values, null for removed ones. In the order in which they were first planned.
    /// </summary>
    public IEnumerable<KeyValuePair<NodeId, StoredValue?>> Writes
    {
        get
        {
            foreach (var (key, change) in _changes)
            {
                if (change.NeedsWrite)
                {
                    yield return new(key, change.After?.Value);
                }
            }
        }
    }

    /// <summary>The value of a key after the changes planned so far, expired or not.</summary>
    public StoredValue? Find(NodeId key) => FindCounted(key)?.Value;

    /// <summary>Puts a value, if the rules allow it after the changes planned so far.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="value">The value; its <see cref="StoredValue.StoredAt"/> is the present moment, but for an import's.</param>
    /// <param name="kind">Where it comes from.</param>
    /// <param name="isAtStake">Whether the result depends on the write.</param>
    public StoreDecision Put(NodeId key, StoredValue value, PutKind kind, out bool isAtStake)
    {
        var before = FindCounted(key);
        var decision = _shard.DecideAndCharge(key, before, value, kind);
        foreach (var evicted in decision.Evicted)
        {
            Set(evicted.Key, FindCounted(evicted.Key), null, needsWrite: true);
        }

        Turnover = Turnover.Add(decision);
        isAtStake = decision.Held is not null && Set(key, before, decision.Held, decision.NeedsWrite);
        return decision;
    }

    /// <summary>Holds a value whatever the quotas are; null removes the key.</summary>
    public void Set(NodeId key, StoredValue? value) => Set(key, FindCounted(key), value, needsWrite: true);

    /// <summary>Makes the changes in the shard, after they are stored or if they need no write.</summary>
    /// <param name="placeOf">Where a key that was written is stored; null if its owner does not say.</param>
    public void Apply(Func<NodeId, int>? placeOf = null)
    {
        foreach (var (key, change) in _changes)
        {
            if (change.After is { } after)
            {
                _shard.Hold(key, after, change.NeedsWrite ? placeOf?.Invoke(key) : null);
            }
            else
            {
                _shard.Forget(key);
            }
        }

        _changes.Clear();
    }

    /// <summary>Undoes the changes in the accounts, as they were not stored. Does nothing after <see cref="Apply"/>.</summary>
    public void Abandon()
    {
        foreach (var (key, change) in _changes.Where(entry => entry.Value.After is not null))
        {
            _shard.Unplan(key, change.After);
        }

        // In reverse order, as the first evicted value was the oldest.
        foreach (var (key, _) in _changes.Where(entry => entry.Value.After is null).Reverse())
        {
            _shard.Unplan(key, planned: null);
        }

        _changes.Clear();
    }

    /// <summary>Begins another plan, once this one is applied or abandoned.</summary>
    public void Clear()
    {
        _changes.Clear();
        Turnover = default;
        NeedsWrite = false;
    }

    private CountedValue? FindCounted(NodeId key) =>
        _changes.TryGetValue(key, out var change) ? change.After
        : _shard.TryFind(key, out var held) ? held
        : null;

    // True if the key's state is to be written.
    private bool Set(NodeId key, CountedValue? before, StoredValue? after, bool needsWrite)
    {
        var counted = _shard.Plan(key, before, after);
        ref var change = ref CollectionsMarshal.GetValueRefOrAddDefault(_changes, key, out _);
        change = new Change(counted, change.NeedsWrite || needsWrite);
        NeedsWrite |= needsWrite;
        return change.NeedsWrite;
    }

    private readonly record struct Change(CountedValue? After, bool NeedsWrite);
}
