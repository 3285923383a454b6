using KadOrleans.Core.Admission;

namespace KadOrleans.Core.Values;

/// <summary>
/// Counts a set of keys against a <see cref="StoreQuota"/>: in all, by subnet and by source. Decides which key is evicted first. Every
/// change takes O(log n) of the networks. Not safe for several threads: the owner serialises calls.
/// </summary>
internal sealed class StoreAccounts
{
    private readonly Dictionary<SourceNetwork, SourceUsage> _sources = [];
    private readonly Dictionary<SourceNetwork, SubnetUsage> _subnets = [];
    private readonly List<SourceUsage?> _numbered = [];
    private readonly Stack<int> _freeNumbers = [];
    private readonly SlotTable _slots = new();
    private readonly UsageScale _scale;

    // Progress of judging: the next source, which of its lists, and the next slot in it. Puts between two parts may advance the slot.
    private int _judgedSource;
    private bool _judgesFar;
    private int _judgedSlot = SlotTable.None;
    private ResponsibleArea _area;

    /// <summary>The accounts of an empty set.</summary>
    /// <param name="quota">Its bounds.</param>
    public StoreAccounts(StoreQuota quota)
    {
        ArgumentNullException.ThrowIfNull(quota);
        Quota = quota;
        _scale = new UsageScale(quota);
        Changes = new ChangeLimiter(quota);
    }

    /// <summary>Keys counted.</summary>
    public int Keys { get; private set; }

    /// <summary>Sum of the values' footprints in bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>The near keys. After a change <see cref="Judge"/> judges the counted values again.</summary>
    public ResponsibleArea Area
    {
        get => _area;
        set
        {
            _area = value;
            (_judgedSource, _judgesFar) = (-1, true);
            _judgedSlot = SlotTable.None;
        }
    }

    /// <summary>How often sources may change values that others stored.</summary>
    public ChangeLimiter Changes { get; }

    internal StoreQuota Quota { get; }

    /// <summary>Strangers' keys for which the node is not responsible.</summary>
    internal int FarKeys { get; private set; }

    /// <summary>Footprint of their values in bytes.</summary>
    internal long FarBytes { get; private set; }

    /// <summary>Subnets with values to evict.</summary>
    internal UsageHeap<SubnetUsage> Subnets { get; } = new();

    /// <summary>Counts a value as the newest of its source.</summary>
    /// <returns>Its slot; -1 for a value that is never evicted.</returns>
    public int Add(NodeId key, StoredValue value) => Add(key, value, isOldest: false);

    /// <summary>Counts a value as the oldest of its source, for a store that loads its newest values first.</summary>
    public int AddOldest(NodeId key, StoredValue value) => Add(key, value, isOldest: true);

    /// <summary>Stops counting a value.</summary>
    public void Remove(CountedValue counted)
    {
        var (value, slot) = counted;
        Count(-1, value.Footprint);
        if (value.Source.IsTrusted)
        {
            return;
        }

        var source = _sources[value.Source];
        if (slot != SlotTable.None)
        {
            Unlink(source, slot);
            CountEvictable(source, slot, -1);
            _slots.Release(slot);
        }

        Count(source, -1, value.Footprint);
        Forget(source);
    }

    /// <summary>Counts a value in place of another of its key, as the newest of its source.</summary>
    /// <returns>Its slot.</returns>
    public int Replace(NodeId key, CountedValue old, StoredValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (old.Slot != SlotTable.None
            && old.Value.Source == value.Source
            && old.Value.Footprint == value.Footprint
            && _slots[old.Slot].IsFar == IsFar(key, value)
            && !IsProtected(value))
        {
            var source = _sources[value.Source];
            Unlink(source, old.Slot);
            source.Link(_slots, old.Slot, isOldest: false);
            return old.Slot;
        }

        Remove(old);
        return Add(key, value);
    }

    /// <summary>
    /// Judges some of the counted values by <see cref="Area"/> again. In parts, because a million take about 0.1 s. It walks
    /// each source's lists from old to new, so that those which change lists keep their order.
    /// </summary>
    /// <param name="count">How many values at most.</param>
    /// <returns>Whether some are left.</returns>
    public bool Judge(int count)
    {
        for (; count > 0; count--)
        {
            if (_judgedSlot != SlotTable.None)
            {
                var slot = _judgedSlot;
                _judgedSlot = _slots[slot].Newer;
                JudgeAt(slot);
            }
            else if (!TryJudgeNextList())
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether there is room for a value, and which keys would have to go for it. Changes nothing.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="old">The held value of the key, or null.</param>
    /// <param name="value">The value.</param>
    /// <param name="evicted">The keys to evict, if there is room then.</param>
    public StoreResult FindRoom(NodeId key, CountedValue? old, StoredValue value, out IReadOnlyList<EvictedKey> evicted)
    {
        ArgumentNullException.ThrowIfNull(value);
        var search = new RoomSearch(this, value, IsFar(key, value));
        return search.Run(old, out evicted);
    }

    internal static bool IsProtected(StoredValue value) => value.Source.IsTrusted || value.PublishedAt is not null;

    internal SourceUsage? SourceOf(SourceNetwork source) => _sources.GetValueOrDefault(source);

    internal SubnetUsage? SubnetOf(SourceNetwork source) => _subnets.GetValueOrDefault(source.Subnet);

    internal long Weigh(int keys, long bytes) => _scale.Weigh(keys, bytes);

    internal EvictedKey KeyAt(int slot) => new(_slots[slot].Key, _slots[slot].IsFar);

    /// <summary>Takes a slot's value out of the counts until <see cref="PutBack"/>, the latest first.</summary>
    internal void SetAside(int slot)
    {
        var source = _numbered[_slots[slot].Owner]!;
        source.Unlink(_slots, slot);
        CountEvictable(source, slot, -1);
        Count(-1, _slots[slot].Footprint);
        Count(source, -1, _slots[slot].Footprint);
    }

    internal void PutBack(int slot)
    {
        var source = _numbered[_slots[slot].Owner]!;
        source.Relink(_slots, slot);
        CountEvictable(source, slot, 1);
        Count(1, _slots[slot].Footprint);
        Count(source, 1, _slots[slot].Footprint);
    }

    /// <summary>Changes the counts by a value that has no slot, until it is done again with the other sign.</summary>
    internal void Offset(StoredValue value, int sign)
    {
        Count(sign, value.Footprint);
        if (SourceOf(value.Source) is { } source)
        {
            Count(source, sign, value.Footprint);
        }
    }

    private bool TryJudgeNextList()
    {
        _judgesFar = !_judgesFar;
        _judgedSource += _judgesFar ? 0 : 1;
        if (_judgedSource >= _numbered.Count)
        {
            // Stays there: nothing is left until the area changes.
            (_judgedSource, _judgesFar) = (_numbered.Count, true);
            return false;
        }

        _judgedSlot = _numbered[_judgedSource]?.OldestOf(_judgesFar) ?? SlotTable.None;
        return true;
    }

    private void JudgeAt(int slot)
    {
        ref var entry = ref _slots[slot];
        var isFar = !Area.Contains(entry.Key);
        if (entry.IsFar == isFar)
        {
            return;
        }

        var source = _numbered[entry.Owner]!;
        source.Unlink(_slots, slot);
        CountEvictable(source, slot, -1);
        entry.Describe(entry.Footprint, isFar);
        source.Link(_slots, slot, isOldest: false);
        CountEvictable(source, slot, 1);
        Sort(source);
    }

    /// <summary>Takes a slot out of its list for good; judging goes on behind it.</summary>
    private void Unlink(SourceUsage source, int slot)
    {
        if (slot == _judgedSlot)
        {
            _judgedSlot = _slots[slot].Newer;
        }

        source.Unlink(_slots, slot);
    }

    private bool IsFar(NodeId key, StoredValue value) => value.IsFar || !Area.Contains(key);

    private int Add(NodeId key, StoredValue value, bool isOldest)
    {
        ArgumentNullException.ThrowIfNull(value);
        Count(1, value.Footprint);
        if (value.Source.IsTrusted)
        {
            return SlotTable.None;
        }

        var source = SourceOf(value.Source) ?? Remember(value.Source);
        var slot = SlotTable.None;
        if (!IsProtected(value))
        {
            slot = _slots.Take();
            ref var entry = ref _slots[slot];
            (entry.Key, entry.Owner) = (key, source.Number);
            entry.Describe(value.Footprint, IsFar(key, value));
            source.Link(_slots, slot, isOldest);
            CountEvictable(source, slot, 1);
        }

        Count(source, 1, value.Footprint);
        return slot;
    }

    private void Count(int sign, int footprint)
    {
        Keys += sign;
        Bytes += sign * footprint;
    }

    private void Count(SourceUsage source, int sign, int footprint)
    {
        source.Count(sign, footprint, _scale);
        source.Subnet.Count(sign, footprint, _scale);
        Sort(source);
    }

    private void CountEvictable(SourceUsage source, int slot, int sign)
    {
        ref var entry = ref _slots[slot];
        source.CountEvictable(sign, entry.IsFar);
        source.Subnet.CountEvictable(sign, entry.IsFar);
        if (entry.IsFar)
        {
            FarKeys += sign;
            FarBytes += sign * entry.Footprint;
        }
    }

    private void Sort(SourceUsage source)
    {
        source.Subnet.Sources.Update(source);
        Subnets.Update(source.Subnet);
    }

    private SourceUsage Remember(SourceNetwork network)
    {
        if (!_subnets.TryGetValue(network.Subnet, out var subnet))
        {
            subnet = new SubnetUsage(network.Subnet);
            _subnets.Add(network.Subnet, subnet);
        }

        if (!_freeNumbers.TryPop(out var number))
        {
            number = _numbered.Count;
            _numbered.Add(null);
        }

        var source = new SourceUsage(network, subnet, number);
        _numbered[number] = source;
        _sources.Add(network, source);
        return source;
    }

    private void Forget(SourceUsage source)
    {
        if (source.Keys > 0)
        {
            return;
        }

        _sources.Remove(source.Network);
        _numbered[source.Number] = null;
        _freeNumbers.Push(source.Number);
        if (source.Subnet.Keys == 0)
        {
            _subnets.Remove(source.Subnet.Network);
        }
    }
}

/// <summary>A value that is held, and where <see cref="StoreAccounts"/> counts it.</summary>
/// <param name="Value">The value.</param>
/// <param name="Slot">What <see cref="StoreAccounts.Add(NodeId, StoredValue)"/> returned for it.</param>
internal readonly record struct CountedValue(StoredValue Value, int Slot)
{
    /// <summary>Where its owner has stored it, as far as the owner says.</summary>
    public int Place { get; init; }
}

/// <summary>A key that has to go so that another one has room.</summary>
/// <param name="Key">The key.</param>
/// <param name="IsFar">Whether the node is not responsible for it.</param>
internal readonly record struct EvictedKey(NodeId Key, bool IsFar);
