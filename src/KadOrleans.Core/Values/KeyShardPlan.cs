using System.Runtime.InteropServices;

namespace KadOrleans.Core.Values;

// The changes of one write to storage. Until Apply the shard shows the stored values; its accounts count the planned changes, so
// each decision knows the earlier ones. Apply or Abandon ends the plan. A shard has one plan at a time.
internal sealed class KeyShardPlan(KeyShard shard)
{
    private readonly KeyShard _shard = shard ?? throw new ArgumentNullException(nameof(shard));
    private readonly Dictionary<NodeId, int> _numbers = [];
    private readonly List<PlannedChange> _changes = [];

    /// <summary>For <see cref="KeyShard.AddTurnover"/> once the plan is stored.</summary>
    public StoreTurnover Turnover { get; private set; }

    public bool NeedsWrite { get; private set; }

    /// <summary>In the order in which they were first planned. Null is a removed key.</summary>
    public IEnumerable<KeyValuePair<NodeId, StoredValue?>> Writes =>
        _changes.Where(change => change.NeedsWrite).Select(change => KeyValuePair.Create(change.Key, change.After));

    /// <summary>To be given the places where they are stored. Valid until the plan changes.</summary>
    public Span<PlannedChange> Changes => CollectionsMarshal.AsSpan(_changes);

    /// <summary>A key's value after the plan, alive or not. May wait for storage.</summary>
    public StoredValue? Find(NodeId key) => TryFindChange(key, out var change) ? change.After : _shard.Read(key);

    /// <summary>False if the plan leaves the key as it is held.</summary>
    public bool TryFindChange(NodeId key, out PlannedChange change)
    {
        var isChanged = _numbers.TryGetValue(key, out var number);
        change = isChanged ? _changes[number] : default;
        return isChanged;
    }

    /// <summary>When what <see cref="Find"/> finds ends. Waits for nothing.</summary>
    public DateTimeOffset? FindEnd(NodeId key) => TryFindChange(key, out var change) ? change.After?.ExpiresAt
        : _shard.TryFind(key, out var held) ? held.ExpiresAt
        : null;

    /// <summary>What is at stake holds only if the plan is stored.</summary>
    public StoreDecision Put(NodeId key, StoredValue value, PutKind kind, out bool isAtStake) => TryFindChange(key, out var change)
        ? Put(key, change.Slot, change.After, value, kind, out isAtStake)
        : Put(key, _shard.SlotOf(key), _shard.Read(key), value, kind, out isAtStake);

    /// <summary>With the key's slot and what <see cref="Find"/> found of it, if nothing has changed since.</summary>
    public StoreDecision Put(NodeId key, int slot, StoredValue? before, StoredValue value, PutKind kind, out bool isAtStake)
    {
        var decision = _shard.DecideAndCharge(key, slot, before, value, kind);
        foreach (var evicted in decision.Evicted)
        {
            Set(evicted.Key, null);
        }

        Turnover = Turnover.Add(decision);
        isAtStake = decision.Held is not null && Set(key, slot, decision.Held, decision.NeedsWrite);
        return decision;
    }

    /// <summary>Whatever the quotas are; null removes the key.</summary>
    public void Set(NodeId key, StoredValue? value) =>
        Set(key, TryFindChange(key, out var change) ? change.Slot : _shard.SlotOf(key), value, needsWrite: true);

    // After the changes are stored, or if they need no write. The owner gives the places of what was written to Changes, or by
    // placeOf.
    public void Apply(Func<NodeId, long>? placeOf = null)
    {
        foreach (ref readonly var change in Changes)
        {
            if (change.After is { } after)
            {
                _shard.Hold(change.Slot, after, change.Before, change.NeedsWrite && placeOf is not null ? placeOf(change.Key) : change.Place);
            }
            else
            {
                _shard.Forget(change.Slot, change.Before);
            }
        }

        Forget();
    }

    /// <summary>The changes were not stored. Does nothing after <see cref="Apply"/>.</summary>
    public void Abandon()
    {
        foreach (ref readonly var change in Changes)
        {
            if (change.After is not null)
            {
                _shard.Unplan(change.Slot, change.Before);
            }
        }

        // What was evicted first was the oldest, and is so again if it comes last.
        for (var i = _changes.Count - 1; i >= 0; i--)
        {
            if (_changes[i].After is null)
            {
                _shard.Unplan(_changes[i].Slot, _changes[i].Before);
            }
        }

        Forget();
    }

    public void Clear()
    {
        Forget();
        Turnover = default;
        NeedsWrite = false;
    }

    private void Forget()
    {
        _numbers.Clear();
        _changes.Clear();
    }

    // Returns whether the key's state is to be written.
    private bool Set(NodeId key, int slot, StoredValue? after, bool needsWrite)
    {
        ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(_numbers, key, out var isKnown);
        if (!isKnown)
        {
            number = _changes.Count;
            _changes.Add(new PlannedChange { Key = key, Before = _shard.ShareAt(slot) });
        }

        ref var change = ref Changes[number];
        change.Slot = _shard.Plan(key, slot, after is null ? null : StoreShare.Of(after));
        change.After = after;
        change.NeedsWrite |= needsWrite;
        NeedsWrite |= needsWrite;
        return change.NeedsWrite;
    }
}

internal record struct PlannedChange
{
    public NodeId Key { get; init; }

    /// <summary>What the key counts as until the plan is carried out; null if it is not held.</summary>
    public StoreShare? Before { get; init; }

    public StoredValue? After { get; set; }

    public int Slot { get; set; }

    public bool NeedsWrite { get; set; }

    public long? Place { get; set; }
}
