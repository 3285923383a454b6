using System.Diagnostics.CodeAnalysis;
using KadOrleans.Core.Admission;

namespace KadOrleans.Core.Values;

/// <summary>
/// Keys and their values in memory, with their lives and quotas. A store that writes to storage first decides by a
/// <see cref="KeyShardPlan"/>. <see cref="Put"/> and similar methods change the shard at once, and must not be called during a plan. Not
/// safe for several threads: the owner serialises calls.
/// </summary>
internal sealed class KeyShard
{
    private readonly KeyIndex _index = new();
    private readonly IShardValues _values;

    // The accounts after the current plan.
    private readonly StoreAccounts _accounts;

    /// <summary>Without <paramref name="values"/> its values are in memory.</summary>
    public KeyShard(StoreQuota quota, IShardValues? values = null)
    {
        _accounts = new StoreAccounts(quota, _index);
        _values = values ?? new ValuesInMemory();
    }

    /// <summary>Keys held, expired ones included until <see cref="RemoveExpired"/> sees them.</summary>
    public int Count { get; private set; }

    /// <summary>Sum of the values' footprints in bytes.</summary>
    public long Bytes { get; private set; }

    public StoreTurnover Turnover { get; private set; }

    /// <summary>Memory that the index takes, in bytes: without values, and without the networks that they came from.</summary>
    public long IndexBytes => _index.MemoryBytes;

    /// <summary>All keys and values, in no order. The shard must not change meanwhile.</summary>
    public IEnumerable<KeyValuePair<NodeId, StoredValue>> Values => Enumerate().Select(held => KeyValuePair.Create(held.Key, _values.Read(held)!));

    public int Slots => _index.Length;

    public IReadOnlyList<SourceChanges> GetTopChanges(int count) => _accounts.Changes.Top(count);

    /// <summary>The networks that hold most keys and bytes, up to <paramref name="count"/> of each, by the accounts that quotas need.</summary>
    public SourceRanking GetSources(int count) => SurveySources(count).Run(int.MaxValue)!;

    public SourceSurvey SurveySources(int count) => new(_accounts, count);

    /// <summary>What some networks hold, and the totals of all.</summary>
    public SourceRanking CountSources(IReadOnlyList<SourceNetwork> sources) =>
        new(_accounts.Keys, _accounts.Bytes, [.. sources.Select(_accounts.TotalsOf)], 0, 0);

    public bool TryGet(NodeId key, DateTimeOffset now, [NotNullWhen(true)] out StoredValue? value)
    {
        value = TryFind(key, out var held) && _values.Read(held) is { } found && !found.IsExpired(now) ? found : null;
        return value is not null;
    }

    /// <summary>What is known of a key that is held, alive or not, without its value.</summary>
    public bool TryFind(NodeId key, out HeldKey held) => TryGetAt(_index.Find(key), out held);

    /// <summary>The same by the key's slot, which a key keeps as long as it is held. False if none is held there.</summary>
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

    /// <summary>Counts against another quota from now on. Nothing is evicted now.</summary>
    public void Use(StoreQuota quota) => _accounts.Use(quota);

    /// <summary>Sets the near keys, reclassifies so many values now (a million take 0.1 s), and returns whether some are left.</summary>
    public bool SetArea(ResponsibleArea area, int atOnce = int.MaxValue)
    {
        _accounts.Area = area;
        return Judge(atOnce);
    }

    /// <summary>Reclassifies more values by the area that was set last. Returns whether some are left.</summary>
    public bool Judge(int count) => _accounts.Judge(count);

    /// <summary>
    /// Why <see cref="Put"/> would refuse a value if the current plan is applied; null if it would not. The plan may still be abandoned.
    /// </summary>
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

    /// <summary>Stores a value at once, if <see cref="StoreDecision"/> allows it. It was stored at this moment, but for imports.</summary>
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

    /// <summary>Counts what a plan that was carried out evicted and changed. <see cref="Put"/> does so itself.</summary>
    public void AddTurnover(StoreTurnover turnover) => Turnover = Turnover.Add(turnover);

    /// <summary>Restores a value that was accepted earlier, even beyond the present quotas.</summary>
    public void Restore(NodeId key, StoredValue value)
    {
        var slot = SlotOf(key);
        var before = ShareAt(slot);
        Hold(Plan(key, slot, StoreShare.Of(value)), value, before, place: null);
    }

    /// <summary>
    /// The same for a value that stays in storage, of which only what the index needs is known. Its place is from 0 to below 2^60.
    /// </summary>
    public void Restore(NodeId key, StoreShare share, DateTimeOffset storedAt, DateTimeOffset expiresAt, long place)
    {
        var slot = SlotOf(key);
        var before = ShareAt(slot);
        SetHeld(Plan(key, slot, share), before, share, storedAt, expiresAt, place);
    }

    /// <summary>Prepares an empty shard for loading about so many keys quickly, until <see cref="EndLoad"/>.</summary>
    public void BeginLoad(int keys)
    {
        _index.Expect(keys);
        _accounts.IsSorted = false;
    }

    public void EndLoad() => _accounts.IsSorted = true;

    /// <summary>Has the processor fetch what a search of these keys will look at.</summary>
    public void Prefetch(ReadOnlySpan<NodeId> keys) => _index.Prefetch(keys);

    /// <summary>
    /// Between <see cref="BeginLoad"/> and <see cref="EndLoad"/>: holds a value of a store that loads its newest values first. False if the
    /// key is held already.
    /// </summary>
    public bool TryLoad(NodeId key, StoreShare share, DateTimeOffset storedAt, DateTimeOffset expiresAt, long place)
    {
        if (_index.Find(key) != KeyIndex.None)
        {
            return false;
        }

        var slot = _index.Add(key);
        _accounts.Add(slot, share, isOldest: true);
        SetHeld(slot, before: null, share, storedAt, expiresAt, place);
        return true;
    }

    public void Move(NodeId key, long place) => _index[SlotOf(key)].Place = place;

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
        var expired = new List<NodeId>();
        foreach (var held in Enumerate())
        {
            if (held.IsExpired(now))
            {
                expired.Add(held.Key);
            }
        }

        expired.ForEach(key => Remove(key));
        return expired;
    }

    /// <summary>All keys that are held, in no order. The shard must not change meanwhile.</summary>
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

    /// <summary>Reads what is held of a key, alive or not; null if nothing is.</summary>
    public StoredValue? Read(NodeId key) => TryFind(key, out var held) ? _values.Read(held) : null;

    /// <summary>The slot of a key that is held, or counted by the plan under way; else <see cref="KeyIndex.None"/>.</summary>
    internal int SlotOf(NodeId key) => _index.Find(key);

    internal StoreDecision Decide(NodeId key, StoredValue offered, PutKind kind = PutKind.Publication) =>
        Decide(key, SlotOf(key), Read(key), offered, kind);

    /// <summary>
    /// Decides on a put. A change counts against its source's limit even if its write fails later: the decisions of one write must know of
    /// each other.
    /// </summary>
    internal StoreDecision DecideAndCharge(NodeId key, int slot, StoredValue? before, StoredValue offered, PutKind kind)
    {
        var decision = Decide(key, slot, before, offered, kind);
        if (decision.IsReturn)
        {
            _accounts.Former.Forget(key);
        }
        else if (decision.IsChange)
        {
            _accounts.Changes.Count(offered.Source, offered.StoredAt);
            if (before is not null && before.Value != offered.Value)
            {
                _accounts.Former.Remember(key, before.Source, offered.StoredAt);
            }
        }

        return decision;
    }

    internal StoreShare? ShareOf(NodeId key) => ShareAt(SlotOf(key));

    internal StoreShare? ShareAt(int slot) => IsCounted(slot) ? _accounts.ShareOf(slot) : null;

    /// <summary>Counts what a key comes to by the plan under way: nothing if null. Returns its slot from now on.</summary>
    internal int Plan(NodeId key, int slot, StoreShare? after)
    {
        if (after is not { } share)
        {
            return slot == KeyIndex.None || Uncount(slot) ? KeyIndex.None : slot;
        }

        if (IsCounted(slot))
        {
            _accounts.Replace(slot, share);
            return slot;
        }

        slot = slot == KeyIndex.None ? _index.Add(key) : slot;
        _accounts.Add(slot, share);
        return slot;
    }

    /// <summary>
    /// Counts a slot again as it is held, as the plan that changes it is abandoned. A value that was to be evicted becomes the oldest of
    /// its source again. One that was to be stored or renewed becomes the newest.
    /// </summary>
    internal void Unplan(int slot, StoreShare? before)
    {
        if (slot == KeyIndex.None)
        {
            return;
        }

        var wasLeaving = !_index[slot].IsCounted;
        if (!Uncount(slot) && before is { } share)
        {
            _accounts.Add(slot, share, isOldest: wasLeaving);
        }
    }

    /// <summary>Holds a value that is counted; at the place that the key has if <paramref name="place"/> is null.</summary>
    internal void Hold(int slot, StoredValue value, StoreShare? before, long? place)
    {
        SetHeld(slot, before, _accounts.ShareOf(slot), value.StoredAt, value.ExpiresAt, place ?? _index[slot].Place);
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
        StoreDecision.Make(key, before, offered, kind, _accounts, IsCounted(slot) ? slot : KeyIndex.None);

    private bool IsCounted(int slot) => slot != KeyIndex.None && _index[slot].IsCounted;

    // What is held or was held stays in the index until it is forgotten; what was only planned goes. Whether it went.
    private bool Uncount(int slot)
    {
        if (_index[slot].IsCounted)
        {
            _accounts.Remove(slot);
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

/// <summary>Where the values of a <see cref="KeyShard"/> are, which has an index of their keys.</summary>
internal interface IShardValues
{
    /// <summary>The value of a key that is held. May wait for storage. Null if it is damaged there.</summary>
    StoredValue? Read(in HeldKey key);

    /// <summary>The same without waiting; null if it has to be read first.</summary>
    StoredValue? Peek(in HeldKey key);

    void Hold(in HeldKey key, StoredValue value);

    void Forget(in HeldKey key);
}

/// <summary>What a <see cref="KeyShard"/> knows of a key it holds, without its value. Times are whole milliseconds.</summary>
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
