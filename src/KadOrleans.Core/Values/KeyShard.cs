using System.Diagnostics.CodeAnalysis;

namespace KadOrleans.Core.Values;

// Keys with their values' lives and quotas. A store that writes to storage first decides by a KeyShardPlan. Put and similar
// methods change the shard at once, and must not be called during a plan. Not thread-safe.
internal sealed class KeyShard
{
    private readonly KeyIndex _index = new();
    private readonly IShardValues _values;

    public KeyShard(StoreQuota quota, IShardValues? values = null)
    {
        Accounts = new StoreAccounts(quota, _index);
        _values = values ?? new ValuesInMemory();
    }

    public StoreAccounts Accounts { get; }

    /// <summary>Expired keys included until <see cref="RemoveExpired"/> sees them.</summary>
    public int Count { get; private set; }

    public long Bytes { get; private set; }

    public StoreTurnover Turnover { get; private set; }

    /// <summary>Without values, and without the networks that they came from.</summary>
    public long IndexBytes => _index.MemoryBytes;

    /// <summary>In no order. The shard must not change meanwhile.</summary>
    public IEnumerable<KeyValuePair<NodeId, StoredValue>> Values => Enumerate().Select(held => KeyValuePair.Create(held.Key, _values.Read(held)!));

    public int Slots => _index.Length;

    public SourceRanking GetSources(int count) => new SourceSurvey(Accounts, count).Run(int.MaxValue)!;

    public SourceRanking CountSources(IReadOnlyList<SourceNetwork> sources) =>
        new(Accounts.Keys, Accounts.Bytes, [.. sources.Select(Accounts.TotalsOf)], 0, 0);

    public bool TryGet(NodeId key, DateTimeOffset now, [NotNullWhen(true)] out StoredValue? value)
    {
        value = TryFind(key, out var held) && _values.Read(held) is { } found && !found.IsExpired(now) ? found : null;
        return value is not null;
    }

    public bool TryFind(NodeId key, out HeldKey held) => TryGetAt(_index.Find(key), out held);

    /// <summary>A key keeps its slot as long as it is held.</summary>
    public bool TryGetAt(int slot, out HeldKey held)
    {
        held = default;
        if (slot == KeyIndex.None || !_index[slot].IsHeld)
        {
            return false;
        }

        ref var entry = ref _index[slot];
        held = new HeldKey(entry.Key, slot, entry.Place, entry.StoredAt, entry.ExpiresAt, entry.IsKept);
        return true;
    }

    /// <summary>Reclassifies so many values now; a million take 0.1 s. Returns whether some are left.</summary>
    public bool SetArea(ResponsibleArea area, int atOnce = int.MaxValue)
    {
        Accounts.Area = area;
        return Accounts.Reclassify(atOnce);
    }

    /// <summary>Why Put would refuse a value if the current plan is applied; the plan may still be abandoned.</summary>
    public StoreResult? FindRefusal(NodeId key, StoredValue value, PutTerms terms = default)
    {
        StoredValue? known = null;
        var slot = SlotOf(key);
        if (TryGetAt(slot, out var held))
        {
            known = IsCounted(slot) ? _values.Peek(held) : null;
            if (known is null)
            {
                return StoreRules.FindRefusal(value.Value);
            }
        }

        var result = Decide(key, slot, known, value, terms).Result;
        return result == StoreResult.Stored ? null : result;
    }

    /// <summary>The value was stored at this moment, but for imports.</summary>
    public StoreResult Put(NodeId key, StoredValue value, PutTerms terms = default)
    {
        var before = Read(key);
        var decision = DecideAndCharge(key, SlotOf(key), before, value, terms);
        foreach (var evicted in decision.Evicted)
        {
            Remove(evicted.Key);
        }

        if (decision.Held is { } accepted)
        {
            if (RecentWrite.Of(key, before, accepted.Version, terms) is { } write)
            {
                Accounts.Writes.Add(write);
            }

            Restore(key, accepted);
        }

        Turnover = Turnover.Add(decision);
        return decision.Result;
    }

    /// <summary>For a plan that was carried out; <see cref="Put"/> does so itself.</summary>
    public void AddTurnover(StoreTurnover turnover) => Turnover = Turnover.Add(turnover);

    /// <summary>A value that was accepted earlier, even beyond the present quotas.</summary>
    public void Restore(NodeId key, StoredValue value)
    {
        var slot = SlotOf(key);
        var before = ShareAt(slot);
        Hold(Plan(key, slot, StoreShare.Of(value)), value, before, place: null);
    }

    /// <summary>A value that stays in storage. Its place is from 0 to below 2^60.</summary>
    public void Restore(NodeId key, StoreShare share, DateTimeOffset storedAt, DateTimeOffset expiresAt, long place)
    {
        var slot = SlotOf(key);
        var before = ShareAt(slot);
        SetHeld(Plan(key, slot, share), before, share, storedAt, expiresAt, place);
    }

    /// <summary>For an empty shard that loads about so many keys, until <see cref="EndLoad"/>.</summary>
    public void BeginLoad(int keys)
    {
        _index.Expect(keys);
        Accounts.IsSorted = false;
    }

    public void EndLoad() => Accounts.IsSorted = true;

    public void Prefetch(ReadOnlySpan<NodeId> keys) => _index.Prefetch(keys);

    /// <summary>During a load, newest values first. False if the key is held already.</summary>
    public bool TryLoad(NodeId key, StoreShare share, DateTimeOffset storedAt, DateTimeOffset expiresAt, long place)
    {
        if (_index.Find(key) != KeyIndex.None)
        {
            return false;
        }

        var slot = _index.Add(key);
        Accounts.Add(slot, share, isOldest: true);
        SetHeld(slot, before: null, share, storedAt, expiresAt, place);
        return true;
    }

    public void Move(in HeldKey held, long place) => _index[held.Slot].Place = place;

    /// <summary>Moves the time of the last STORE of a held key. Its value is the caller's to change.</summary>
    public void Touch(in HeldKey held, DateTimeOffset storedAt) => _index[held.Slot].StoredAt = storedAt;

    public bool Remove(NodeId key)
    {
        if (!TryFind(key, out var held))
        {
            return false;
        }

        var before = ShareAt(held.Slot);
        Forget(Plan(key, held.Slot, null), before);
        return true;
    }

    public IReadOnlyList<NodeId> RemoveExpired(DateTimeOffset now)
    {
        var expired = Enumerate().Where(held => held.IsExpired(now)).Select(held => held.Key).ToList();
        expired.ForEach(key => Remove(key));
        return expired;
    }

    /// <summary>In no order. The shard must not change meanwhile.</summary>
    public IEnumerable<HeldKey> Enumerate()
    {
        for (var slot = 0; slot < Slots; slot++)
        {
            if (TryGetAt(slot, out var held))
            {
                yield return held;
            }
        }
    }

    public StoredValue? Read(NodeId key) => TryFind(key, out var held) ? _values.Read(held) : null;

    /// <summary>Of a key that is held, or counted by the plan under way.</summary>
    internal int SlotOf(NodeId key) => _index.Find(key);

    internal StoreDecision Decide(NodeId key, StoredValue offered, PutTerms terms = default) =>
        Decide(key, SlotOf(key), Read(key), offered, terms);

    // A change counts even if its write fails later: the decisions of one write must know of each other.
    internal StoreDecision DecideAndCharge(NodeId key, int slot, StoredValue? before, StoredValue offered, PutTerms terms)
    {
        if (terms.CallId != 0 && before is not null && before.CallId == terms.CallId)
        {
            return StoreDecision.Done(before.Version);
        }

        var decision = Decide(key, slot, before, offered, terms).WithVersion(before, offered, terms, Accounts.Versions);
        if (decision.Result == StoreResult.Superseded && terms.CallId != 0)
        {
            return Accounts.Writes.FindOutcome(key, terms);
        }

        if (decision.IsReturn)
        {
            Accounts.Former.Forget(key);
        }
        else if (decision.IsChange)
        {
            Accounts.Changes.Count(offered.Source, offered.StoredAt);
            if (before is not null && decision.Held?.Source != before.Source)
            {
                // Also if the value stays: its new source may change it later, as its own.
                Accounts.Former.Remember(key, before, offered.StoredAt);
            }
        }

        return decision;
    }

    internal StoreShare? ShareOf(NodeId key) => ShareAt(SlotOf(key));

    internal StoreShare? ShareAt(int slot) => IsCounted(slot) ? Accounts.ShareOf(slot) : null;

    /// <summary>Counts what the plan makes of a key: nothing if null. Returns its slot from now on.</summary>
    internal int Plan(NodeId key, int slot, StoreShare? after)
    {
        if (after is not { } share)
        {
            return slot == KeyIndex.None || Uncount(slot) ? KeyIndex.None : slot;
        }

        if (IsCounted(slot))
        {
            Accounts.Replace(slot, share);
            return slot;
        }

        slot = slot == KeyIndex.None ? _index.Add(key) : slot;
        Accounts.Add(slot, share);
        return slot;
    }

    // Counts a slot again as it is held, as its plan is abandoned. A value that was to be evicted becomes the oldest of its
    // source again; one that was to be stored or renewed becomes the newest.
    internal void Unplan(int slot, StoreShare? before)
    {
        if (slot == KeyIndex.None)
        {
            return;
        }

        var wasLeaving = !_index[slot].IsCounted;
        if (!Uncount(slot) && before is { } share)
        {
            Accounts.Add(slot, share, isOldest: wasLeaving);
        }
    }

    /// <summary>Without a place it keeps the one it has.</summary>
    internal void Hold(int slot, StoredValue value, StoreShare? before, long? place)
    {
        SetHeld(slot, before, Accounts.ShareOf(slot), value.StoredAt, value.ExpiresAt, place ?? _index[slot].Place);
        TryGetAt(slot, out var held);
        _values.Hold(held, value);
    }

    internal void Forget(int slot, StoreShare? before)
    {
        if (TryGetAt(slot, out var held))
        {
            Tally(before, null);
            _values.Forget(held);
            _index.Remove(slot);
        }
    }

    private StoreDecision Decide(NodeId key, int slot, StoredValue? before, StoredValue offered, PutTerms terms) =>
        StoreDecision.Make(key, before, offered, terms, Accounts, IsCounted(slot) ? slot : KeyIndex.None);

    private bool IsCounted(int slot) => slot != KeyIndex.None && _index[slot].IsCounted;

    // A slot stays in the index while it is held. Returns whether it went.
    private bool Uncount(int slot)
    {
        if (_index[slot].IsCounted)
        {
            Accounts.Remove(slot);
        }

        if (_index[slot].IsHeld)
        {
            return false;
        }

        _index.Remove(slot);
        return true;
    }

    private void SetHeld(int slot, StoreShare? before, StoreShare share, DateTimeOffset storedAt, DateTimeOffset expiresAt, long place)
    {
        Tally(before, share);
        ref var entry = ref _index[slot];
        (entry.StoredAt, entry.ExpiresAt, entry.Place, entry.IsHeld) = (storedAt, expiresAt, place, true);
    }

    private void Tally(StoreShare? before, StoreShare? after)
    {
        Count += (after is null ? 0 : 1) - (before is null ? 0 : 1);
        Bytes += (after?.Footprint ?? 0) - (before?.Footprint ?? 0);
    }
}

internal interface IShardValues
{
    /// <summary>May wait for storage. Null if the value is damaged there.</summary>
    StoredValue? Read(in HeldKey key);

    /// <summary>Null if the value has to be read from storage first.</summary>
    StoredValue? Peek(in HeldKey key);

    void Hold(in HeldKey key, StoredValue value);

    void Forget(in HeldKey key);
}

/// <summary>A held key without its value. Times are whole milliseconds.</summary>
internal readonly record struct HeldKey(
    NodeId Key, int Slot, long Place, DateTimeOffset StoredAt, DateTimeOffset ExpiresAt, bool IsKept = false)
{
    public bool IsExpired(DateTimeOffset now) => now >= ExpiresAt && !IsKept;

    /// <summary>Whether it is still kept for its owner though the time is over.</summary>
    public bool IsKeptTooLong(DateTimeOffset now) => IsKept && now >= ExpiresAt;
}

internal sealed class ValuesInMemory : IShardValues
{
    // Chunks: growth copies nothing, and 8 KB stay out of the large object heap.
    private const int ChunkBits = 10;
    private const int ChunkLength = 1 << ChunkBits;

    private readonly List<StoredValue?[]> _chunks = [];

    public StoredValue? Read(in HeldKey key) => At(key.Slot);

    public StoredValue? Peek(in HeldKey key) => At(key.Slot);

    public void Hold(in HeldKey key, StoredValue value) => At(key.Slot) = value;

    public void Forget(in HeldKey key) => At(key.Slot) = null;

    private ref StoredValue? At(int slot)
    {
        while (slot >> ChunkBits >= _chunks.Count)
        {
            _chunks.Add(new StoredValue?[ChunkLength]);
        }

        return ref _chunks[slot >> ChunkBits][slot & (ChunkLength - 1)];
    }
}

// The changes of one write to storage. Until Apply the shard shows the stored values; its accounts count the planned changes, so
// each decision knows the earlier ones. Apply or Abandon ends the plan. A shard has one plan at a time.
internal sealed class KeyShardPlan(KeyShard shard)
{
    private readonly Dictionary<NodeId, int> _numbers = [];
    private readonly List<PlannedChange> _changes = [];
    private readonly List<RecentWrite> _writes = [];

    /// <summary>For <see cref="KeyShard.AddTurnover"/> once the plan is stored.</summary>
    public StoreTurnover Turnover { get; private set; }

    public bool NeedsWrite { get; private set; }

    /// <summary>Whether it is stored when upkeep has sent a value, which changes nothing else: a restart goes on where it was.</summary>
    public bool KeepsSendings { get; init; }

    /// <summary>In the order in which they were first planned. Null is a removed key.</summary>
    public IEnumerable<KeyValuePair<NodeId, StoredValue?>> Writes =>
        _changes.Where(change => change.NeedsWrite).Select(change => KeyValuePair.Create(change.Key, change.After));

    /// <summary>To be given the places where they are stored. Valid until the plan changes.</summary>
    public Span<PlannedChange> Changes => CollectionsMarshal.AsSpan(_changes);

    /// <summary>A key's value after the plan, alive or not. May wait for storage.</summary>
    public StoredValue? Find(NodeId key) => TryFindChange(key, out var change) ? change.After : shard.Read(key);

    /// <summary>False if the plan leaves the key as it is held.</summary>
    public bool TryFindChange(NodeId key, out PlannedChange change)
    {
        var isChanged = _numbers.TryGetValue(key, out var number);
        change = isChanged ? _changes[number] : default;
        return isChanged;
    }

    /// <summary>When what <see cref="Find"/> finds ends: a kept item, after every time. Waits for nothing.</summary>
    public DateTimeOffset? FindEnd(NodeId key) =>
        TryFindChange(key, out var change) ? change.After is { IsKept: true } ? DateTimeOffset.MaxValue : change.After?.ExpiresAt
        : shard.TryFind(key, out var held) ? held.IsKept ? DateTimeOffset.MaxValue : held.ExpiresAt
        : null;

    /// <summary>What is at stake holds only if the plan is stored.</summary>
    public StoreDecision Put(NodeId key, StoredValue value, PutTerms terms, out bool isAtStake) => TryFindChange(key, out var change)
        ? Put(key, change.Slot, change.After, value, terms, out isAtStake)
        : Put(key, shard.SlotOf(key), shard.Read(key), value, terms, out isAtStake);

    /// <summary>With the key's slot and what <see cref="Find"/> found of it, if nothing has changed since.</summary>
    public StoreDecision Put(NodeId key, int slot, StoredValue? before, StoredValue value, PutTerms terms, out bool isAtStake)
    {
        var decision = shard.DecideAndCharge(key, slot, before, value, terms);
        foreach (var evicted in decision.Evicted)
        {
            Set(evicted.Key, null);
        }

        Turnover = Turnover.Add(decision);
        var needsWrite = decision.NeedsWrite || (KeepsSendings && terms is { Kind: PutKind.Copy, Condition.StoredBy: not null });
        isAtStake = decision.Held is not null && Set(key, slot, decision.Held, needsWrite);
        if (decision.Held is not null)
        {
            Remember(RecentWrite.Of(key, before, decision.Version, terms));
        }

        return decision;
    }

    /// <summary>
    /// Removes what has a version. The result is <see cref="StoreResult.Superseded"/> if that is not held, or <see cref="StoreResult.Unknown"/>, and
    /// <see cref="StoreResult.Stored"/> also if an earlier try of the call removed it.
    /// </summary>
    public StoreResult Remove(NodeId key, long version, PutTerms terms, DateTimeOffset now)
    {
        var before = Find(key);
        if (!PutCondition.HasVersion(before, version, now))
        {
            return terms.CallId == 0 ? StoreResult.Superseded
                : shard.Accounts.Writes.FindOutcome(key, terms with { Condition = PutCondition.HasVersion(version) }).Result;
        }

        Set(key, null);
        Remember(RecentWrite.Of(key, before, shard.Accounts.Versions.Next(now), terms));
        return StoreResult.Stored;
    }

    private void Remember(RecentWrite? write)
    {
        if (write is { } one)
        {
            _writes.Add(one);
        }
    }

    /// <summary>Whatever the quotas are; null removes the key.</summary>
    public void Set(NodeId key, StoredValue? value) =>
        Set(key, TryFindChange(key, out var change) ? change.Slot : shard.SlotOf(key), value, needsWrite: true);

    // After the changes are stored. The owner gives the places of what was written to Changes, or by placeOf.
    public void Apply(Func<NodeId, long>? placeOf = null)
    {
        _writes.ForEach(shard.Accounts.Writes.Add);
        foreach (ref readonly var change in Changes)
        {
            if (change.After is { } after)
            {
                shard.Hold(change.Slot, after, change.Before, change.NeedsWrite && placeOf is not null ? placeOf(change.Key) : change.Place);
            }
            else
            {
                shard.Forget(change.Slot, change.Before);
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
                shard.Unplan(change.Slot, change.Before);
            }
        }

        // What was evicted first was the oldest, and is so again if it comes last.
        for (var i = _changes.Count - 1; i >= 0; i--)
        {
            if (_changes[i].After is null)
            {
                shard.Unplan(_changes[i].Slot, _changes[i].Before);
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
        _writes.Clear();
    }

    // Returns whether the key's state is to be written.
    private bool Set(NodeId key, int slot, StoredValue? after, bool needsWrite)
    {
        ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(_numbers, key, out var isKnown);
        if (!isKnown)
        {
            number = _changes.Count;
            _changes.Add(new PlannedChange { Key = key, Before = shard.ShareAt(slot) });
        }

        ref var change = ref Changes[number];
        change.Slot = shard.Plan(key, slot, after is null ? null : StoreShare.Of(after));
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
