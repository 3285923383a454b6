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
        held = new HeldKey(entry.Key, slot, entry.Place, entry.StoredAt, entry.ExpiresAt);
        return true;
    }

    /// <summary>Reclassifies so many values now; a million take 0.1 s. Returns whether some are left.</summary>
    public bool SetArea(ResponsibleArea area, int atOnce = int.MaxValue)
    {
        Accounts.Area = area;
        return Accounts.Judge(atOnce);
    }

    /// <summary>Why Put would refuse a value if the current plan is applied; the plan may still be abandoned.</summary>
    public StoreResult? FindRefusal(NodeId key, StoredValue value, PutKind kind = PutKind.Publication)
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

        var result = Decide(key, slot, known, value, kind).Result;
        return result == StoreResult.Stored ? null : result;
    }

    /// <summary>The value was stored at this moment, but for imports.</summary>
    public StoreResult Put(NodeId key, StoredValue value, PutKind kind = PutKind.Publication)
    {
        var decision = DecideAndCharge(key, SlotOf(key), Read(key), value, kind);
        foreach (var evicted in decision.Evicted)
        {
            Remove(evicted.Key);
        }

        if (decision.Held is { } accepted)
        {
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

    internal StoreDecision Decide(NodeId key, StoredValue offered, PutKind kind = PutKind.Publication) =>
        Decide(key, SlotOf(key), Read(key), offered, kind);

    // A change counts even if its write fails later: the decisions of one write must know of each other.
    internal StoreDecision DecideAndCharge(NodeId key, int slot, StoredValue? before, StoredValue offered, PutKind kind)
    {
        var decision = Decide(key, slot, before, offered, kind);
        if (decision.IsReturn)
        {
            Accounts.Former.Forget(key);
        }
        else if (decision.IsChange)
        {
            Accounts.Changes.Count(offered.Source, offered.StoredAt);
            if (before is not null && before.Value != offered.Value)
            {
                Accounts.Former.Remember(key, before.Source, offered.StoredAt);
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

    private StoreDecision Decide(NodeId key, int slot, StoredValue? before, StoredValue offered, PutKind kind) =>
        StoreDecision.Make(key, before, offered, kind, Accounts, IsCounted(slot) ? slot : KeyIndex.None);

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
internal readonly record struct HeldKey(NodeId Key, int Slot, long Place, DateTimeOffset StoredAt, DateTimeOffset ExpiresAt)
{
    public bool IsExpired(DateTimeOffset now) => now >= ExpiresAt;
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
