using KadOrleans.Core.Items;

namespace KadOrleans.Core.Values;

// Counts keys against a StoreQuota: in all, by subnet, by source, and by owner of items. A change takes O(log n) of the networks. Not thread-safe.
internal sealed class StoreAccounts(StoreQuota quota, KeyIndex slots)
{
    private readonly Dictionary<SourceNetwork, SourceUsage> _sources = [];
    private readonly Dictionary<SourceNetwork, SubnetUsage> _subnets = [];
    private readonly OwnerCounts _owners = new(quota.TotalKeys);
    private readonly List<SourceUsage?> _numbered = [];
    private readonly Stack<int> _freeNumbers = [];
    private UsageScale _scale = new(quota);

    // Progress of reclassifying: the next source, which of its lists, and its next slot, which puts in between may advance.
    private int _cursorSource = int.MaxValue / 2;
    private bool _cursorFar;
    private int _cursorSlot = KeyIndex.None;
    private ResponsibleArea _area;
    private bool _isSorted = true;

    // Of all networks but the trusted, which have no account.
    private int _sourcesKeys;
    private long _sourcesBytes;

    public int Keys { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Items that are kept for their owners.</summary>
    public int KeptKeys { get; private set; }

    /// <summary>After a change <see cref="Reclassify"/> takes the counted values in turn.</summary>
    public ResponsibleArea Area
    {
        get => _area;
        set
        {
            // Of two areas with every key nothing changes.
            if (_area.PrefixLength != 0 || value.PrefixLength != 0)
            {
                (_cursorSource, _cursorFar, _cursorSlot) = (-1, true, KeyIndex.None);
            }

            _area = value;
        }
    }

    // Whether networks are in the order in which they lose values. While many are loaded nobody asks for that.
    public bool IsSorted
    {
        set
        {
            _isSorted = value;
            foreach (var source in _sources.Values)
            {
                Sort(source);
            }
        }
    }

    public ChangeLimiter Changes { get; } = new(quota);

    public FormerSources Former { get; } = new(quota);

    /// <summary>Gives the versions of what is stored.</summary>
    public VersionClock Versions { get; } = new();

    public RecentWrites Writes { get; } = new();

    internal StoreQuota Quota { get; private set; } = quota;

    internal int FarKeys { get; private set; }

    internal long FarBytes { get; private set; }

    internal UsageHeap<SubnetUsage> Subnets { get; } = new();

    /// <summary>A change of the weights takes O(n log n) of the networks.</summary>
    public void Use(StoreQuota quota)
    {
        var scale = new UsageScale(quota);
        Quota = quota;
        Changes.Use(quota);
        if (scale == _scale)
        {
            return;
        }

        _scale = scale;
        foreach (var source in _sources.Values)
        {
            source.Weigh(scale);
            source.Subnet.Weigh(scale);
            Sort(source);
        }
    }

    /// <summary>A store loads its newest values first: each is then the oldest of its source.</summary>
    public void Add(int slot, StoreShare share, bool isOldest = false)
    {
        ref var entry = ref slots[slot];
        entry.IsCounted = true;
        entry.Footprint = share.Footprint;
        (entry.IsMarkedFar, entry.IsFar, entry.IsEvictable) = (share.IsMarkedFar, IsFar(entry.Key, share), !share.IsProtected);
        entry.IsKept = share.IsKept;
        entry.Owner = share.Owner ?? KeyIndex.None;
        Count(1, entry);
        if (share.Source.IsTrusted)
        {
            entry.Source = KeyIndex.None;
            return;
        }

        var source = SourceOf(share.Source) ?? Remember(share.Source);
        entry.Source = source.Number;
        if (entry.IsEvictable)
        {
            source.Link(slots, slot, isOldest);
            CountEvictable(source, slot, 1);
        }

        Count(source, 1, share.Footprint);
    }

    public void Remove(int slot)
    {
        ref var entry = ref slots[slot];
        entry.IsCounted = false;
        AdvanceCursor(slot);
        if (Shift(slot, -1) is { } source)
        {
            entry.Source = KeyIndex.None;
            Forget(source);
        }

        entry.Owner = KeyIndex.None;
    }

    public void Replace(int slot, StoreShare share)
    {
        ref var entry = ref slots[slot];
        if (entry.IsEvictable && ShareOf(slot) == share && entry.IsFar == IsFar(entry.Key, share))
        {
            var source = _numbered[entry.Source]!;
            AdvanceCursor(slot);
            source.Connect(slots, slot, isLinked: false);
            source.Link(slots, slot, isOldest: false);
            return;
        }

        Remove(slot);
        Add(slot, share);
    }

    public StoreShare ShareOf(int slot)
    {
        ref var entry = ref slots[slot];
        var source = entry.Source == KeyIndex.None ? SourceNetwork.Trusted : _numbered[entry.Source]!.Network;
        return new StoreShare(source, entry.Footprint, !entry.IsEvictable, entry.IsMarkedFar)
        {
            IsKept = entry.IsKept,
            Owner = entry.Owner == KeyIndex.None ? null : entry.Owner,
        };
    }

    // Reclassifies some values by Area, in parts, as a million take about 0.1 s. It walks each list from old to new, so that
    // those which change lists keep their order. Returns whether some are left.
    public bool Reclassify(int count)
    {
        for (; count > 0; count--)
        {
            if (_cursorSlot != KeyIndex.None)
            {
                var slot = _cursorSlot;
                _cursorSlot = slots[slot].Newer;
                ReclassifyAt(slot);
            }
            else if (!TryNextList())
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Which keys have to go for a value in place of the old one. Changes nothing. The next item after a held one of its owner asks for none of
    /// his quota.
    /// </summary>
    public StoreResult FindRoom(NodeId key, int old, StoreShare share, bool isNext, out IReadOnlyList<EvictedKey> evicted) =>
        new RoomSearch(this, share, IsFar(key, share), isNext).Run(old, out evicted);

    public int Numbers => _numbered.Count;

    public SourceTotals? TotalsAt(int number) =>
        _numbered[number] is { } source ? new SourceTotals(source.Network, source.Keys, source.Bytes) : null;

    public SourceTotals TotalsOf(SourceNetwork source) => source.IsTrusted
        ? new SourceTotals(source, Keys - _sourcesKeys, Bytes - _sourcesBytes)
        : SourceOf(source) is { } usage ? new SourceTotals(source, usage.Keys, usage.Bytes)
        : new SourceTotals(source, 0, 0);

    internal SourceUsage? SourceOf(SourceNetwork source) => _sources.GetValueOrDefault(source);

    internal SubnetUsage? SubnetOf(SourceNetwork source) => _subnets.GetValueOrDefault(source.Subnet);

    /// <summary>What an owner has of near or of far keys.</summary>
    internal OwnerUsage OwnerOf(int code, bool isFar) => _owners.Of(OwnerCounts.CodeOf(code, isFar));

    /// <summary>Whether the owner of a share, if it has one, may have one more such key, near or far.</summary>
    internal bool HasOwnerRoom(StoreShare share, bool isFar) => share.Owner is not { } owner
        || (OwnerOf(owner, isFar) is var held && held.Keys + 1L <= Quota.KeysPerOwner && held.Bytes + share.Footprint <= Quota.BytesPerOwner);

    /// <summary>Items that count for their owners.</summary>
    internal int OwnedKeys { get; private set; }

    internal long Weigh(int keys, long bytes) => _scale.Weigh(keys, bytes);

    internal EvictedKey KeyAt(int slot) => new(slots[slot].Key, slots[slot].IsFar);

    /// <summary>Takes a slot's value out of the counts until <see cref="PutBack"/>, the latest first.</summary>
    internal void SetAside(int slot) => Shift(slot, -1);

    internal void PutBack(int slot) => Shift(slot, 1);

    // Null if the slot's source is trusted.
    private SourceUsage? Shift(int slot, int sign)
    {
        ref var entry = ref slots[slot];
        Count(sign, entry);
        if (entry.Source == KeyIndex.None)
        {
            return null;
        }

        var source = _numbered[entry.Source]!;
        if (entry.IsEvictable)
        {
            source.Connect(slots, slot, isLinked: sign > 0);
            CountEvictable(source, slot, sign);
        }

        Count(source, sign, entry.Footprint);
        return source;
    }

    private bool TryNextList()
    {
        _cursorFar = !_cursorFar;
        _cursorSource += _cursorFar ? 0 : 1;
        if (_cursorSource >= _numbered.Count)
        {
            // Stays there: nothing is left until the area changes.
            (_cursorSource, _cursorFar) = (_numbered.Count, true);
            return false;
        }

        _cursorSlot = _numbered[_cursorSource]?.OldestOf(_cursorFar) ?? KeyIndex.None;
        return true;
    }

    private void ReclassifyAt(int slot)
    {
        ref var entry = ref slots[slot];
        var isFar = !Area.Contains(entry.Key);
        if (entry.IsFar == isFar)
        {
            return;
        }

        var source = _numbered[entry.Source]!;
        source.Connect(slots, slot, isLinked: false);
        CountEvictable(source, slot, -1);
        entry.IsFar = isFar;
        source.Link(slots, slot, isOldest: false);
        CountEvictable(source, slot, 1);
        Sort(source);
    }

    /// <summary>Reclassifying goes on behind a slot that leaves its list for good.</summary>
    private void AdvanceCursor(int slot)
    {
        if (slot == _cursorSlot)
        {
            _cursorSlot = slots[slot].Newer;
        }
    }

    private bool IsFar(NodeId key, StoreShare share) => share.IsMarkedFar || !Area.Contains(key);

    private void Count(int sign, in KeySlot entry)
    {
        Keys += sign;
        Bytes += sign * entry.Footprint;
        KeptKeys += entry.IsKept ? sign : 0;
    }

    private void Count(SourceUsage source, int sign, int footprint)
    {
        _sourcesKeys += sign;
        _sourcesBytes += sign * footprint;
        source.Count(sign, footprint, _scale);
        source.Subnet.Count(sign, footprint, _scale);
        Sort(source);
    }

    private void CountEvictable(SourceUsage source, int slot, int sign)
    {
        ref var entry = ref slots[slot];
        source.CountEvictable(sign, entry.Footprint, entry.IsFar);
        source.Subnet.CountEvictable(sign, entry.Footprint, entry.IsFar);
        if (entry.IsFar)
        {
            FarKeys += sign;
            FarBytes += sign * entry.Footprint;
        }

        // What has an owner here is evictable.
        if (entry.Owner != KeyIndex.None)
        {
            OwnedKeys += sign;
            _owners.Count(OwnerCounts.CodeOf(entry.Owner, entry.IsFar), sign, entry.Footprint);
        }
    }

    private void Sort(SourceUsage source)
    {
        if (_isSorted)
        {
            source.Subnet.Sources.Update(source);
            Subnets.Update(source.Subnet);
        }
    }

    private SourceUsage Remember(SourceNetwork network)
    {
        var subnet = CollectionsMarshal.GetValueRefOrAddDefault(_subnets, network.Subnet, out _) ??= new(network.Subnet);
        if (!_freeNumbers.TryPop(out var number))
        {
            number = _numbered.Count;
            _numbered.Add(null);
        }

        return _sources[network] = _numbered[number] = new SourceUsage(network, subnet, number);
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

// What a value takes of a quota. Protected ones are never evicted. IsMarkedFar: the value says that the node is not responsible.
internal readonly record struct StoreShare(SourceNetwork Source, int Footprint, bool IsProtected, bool IsMarkedFar)
{
    /// <summary>Whether it is kept for its owner: then it is protected, too.</summary>
    public bool IsKept { get; init; }

    /// <summary>The <see cref="ItemOwner.Code"/> of whose item it is, if an owner's quota counts it: null of what is protected.</summary>
    public int? Owner
    {
        get;
        init => field = IsProtected ? null : value;
    }

    public static StoreShare Of(StoredValue value) =>
        Of(value.Source, value.Footprint, value.PublishedAt is not null, value.IsKept, value.IsFar, ItemOwner.Of(value.Value));

    /// <summary>The same of what is said of a value.</summary>
    public static StoreShare Of(SourceNetwork source, int footprint, bool isPublished, bool isKept, bool isFar, ItemOwner? owner) =>
        new(source, footprint, source.IsTrusted || isPublished || isKept, isFar) { IsKept = isKept, Owner = owner?.Code };
}

internal readonly record struct EvictedKey(NodeId Key, bool IsFar);
