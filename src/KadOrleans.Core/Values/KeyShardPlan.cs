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

    /// <summary>The counts of values that the plan evicts and changes, for <see cref="KeyShard.AddTurnover"/> once it is stored.</summary>
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
                    yield return new(key, change.After);
                }
            }
        }
    }

    /// <summary>What is held of a key after all that the plan holds so far, alive or not. May wait for storage, see <see cref="IShardValues"/>.</summary>
    public StoredValue? Find(NodeId key) => _changes.TryGetValue(key, out var change) ? change.After : _shard.Read(key);

    /// <summary>What the plan makes of a key, null if nothing is left of it. False if the plan leaves it as it is held.</summary>
    public bool TryFindChange(NodeId key, out StoredValue? after)
    {
        var isChanged = _changes.TryGetValue(key, out var change);
        after = change.After;
        return isChanged;
    }

    /// <summary>When what <see cref="Find"/> finds ends; null if it finds nothing. Waits for nothing.</summary>
    public DateTimeOffset? FindEnd(NodeId key) => _changes.TryGetValue(key, out var change) ? change.After?.ExpiresAt
        : _shard.TryFind(key, out var held) ? held.ExpiresAt
        : null;

    /// <summary>Puts a value, if the rules allow it after the changes planned so far.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="value">The value; its <see cref="StoredValue.StoredAt"/> is the present moment, but for an import's.</param>
    /// <param name="kind">Where it comes from.</param>
    /// <param name="isAtStake">Whether the result holds only if the plan is stored.</param>
    public StoreDecision Put(NodeId key, StoredValue value, PutKind kind, out bool isAtStake) =>
        Put(key, Find(key), value, kind, out isAtStake);

    /// <summary>The same with <paramref name="before"/>, which <see cref="Find"/> found and nothing has changed since.</summary>
    public StoreDecision Put(NodeId key, StoredValue? before, StoredValue value, PutKind kind, out bool isAtStake)
    {
        var decision = _shard.DecideAndCharge(key, before, value, kind);
        foreach (var evicted in decision.Evicted)
        {
            Set(evicted.Key, null, needsWrite: true);
        }

        Turnover = Turnover.Add(decision);
        isAtStake = decision.Held is not null && Set(key, decision.Held, decision.NeedsWrite);
        return decision;
    }

    /// <summary>Holds a value whatever the quotas are; null removes the key.</summary>
    public void Set(NodeId key, StoredValue? value) => Set(key, value, needsWrite: true);

    /// <summary>Makes the changes in the shard, after they are stored or if they need no write.</summary>
    /// <param name="placeOf">Where a key that was written is stored; null if its owner does not say.</param>
    public void Apply(Func<NodeId, long>? placeOf = null)
    {
        foreach (var (key, change) in _changes)
        {
            if (change.After is { } after)
            {
                _shard.Hold(key, after, change.Before, change.NeedsWrite ? placeOf?.Invoke(key) : null);
            }
            else
            {
                _shard.Forget(key, change.Before);
            }
        }

        _changes.Clear();
    }

    /// <summary>Undoes the changes in the accounts, as they were not stored. Does nothing after <see cref="Apply"/>.</summary>
    public void Abandon()
    {
        foreach (var (key, change) in _changes.Where(entry => entry.Value.After is not null))
        {
            _shard.Unplan(key, change.Before);
        }

        // What the plan evicted first was the oldest, and is so again if it comes last.
        foreach (var (key, change) in _changes.Where(entry => entry.Value.After is null).Reverse())
        {
            _shard.Unplan(key, change.Before);
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

    // True if the key's state is to be written.
    private bool Set(NodeId key, StoredValue? after, bool needsWrite)
    {
        ref var change = ref CollectionsMarshal.GetValueRefOrAddDefault(_changes, key, out var isKnown);
        var before = isKnown ? change.Before : _shard.ShareOf(key);
        _shard.Plan(key, after);
        change = new Change(after, before, change.NeedsWrite || needsWrite);
        NeedsWrite |= needsWrite;
        return change.NeedsWrite;
    }

    /// <param name="After">What the key is to be; null if nothing.</param>
    /// <param name="Before">What it is counted as while the plan is not carried out; null if it is not held.</param>
    /// <param name="NeedsWrite">Whether that has to be stored.</param>
    private readonly record struct Change(StoredValue? After, StoreShare? Before, bool NeedsWrite);
}
