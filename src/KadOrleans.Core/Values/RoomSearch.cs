namespace KadOrleans.Core.Values;

// How a full store makes room for one value. Far values are evicted before near ones; then those of the subnet that uses most, of
// its source that uses most, the oldest first. A new value evicts one of its own class only from a network that uses more than
// its own would. So flooding gains nothing, and equals do not evict each other. The same holds of a near value and far ones, once
// its subnet has its part of the reserve. The search undoes its trials.
internal ref struct RoomSearch
{
    private readonly StoreAccounts _accounts;
    private readonly StoreQuota _quota;
    private readonly StoreShare _share;
    private readonly bool _isOwn;
    private readonly bool _isFar;
    private readonly bool _isNext;
    private readonly SourceUsage? _source;
    private readonly SubnetUsage? _subnet;
    private readonly Usage _allBefore;
    private readonly Usage _farBefore;
    private readonly Usage _sourceBefore;
    private readonly Usage _subnetBefore;

    // False while more is held than an operator allows: nothing goes, and nothing more comes.
    private readonly bool _evicts;
    private List<int>? _tried;

    public RoomSearch(StoreAccounts accounts, StoreShare share, bool isFar, bool isNext)
    {
        (_accounts, _quota, _share) = (accounts, accounts.Quota, share);
        _isOwn = share.IsProtected;
        (_isFar, _isNext) = (isFar && !_isOwn, isNext);
        if (!_isOwn)
        {
            _source = accounts.SourceOf(share.Source);
            _subnet = accounts.SubnetOf(share.Source);
        }

        (_allBefore, _farBefore) = (All, Far);
        (_sourceBefore, _subnetBefore) = (Usage.Of(_source), Usage.Of(_subnet));
        _evicts = !_quota.KeepsHeld || !IsBeyond();
    }

    private Usage All => new(_accounts.Keys, _accounts.Bytes);

    private Usage Far => new(_accounts.FarKeys, _accounts.FarBytes);

    public StoreResult Run(int old, out IReadOnlyList<EvictedKey> evicted)
    {
        if (old != KeyIndex.None)
        {
            _accounts.SetAside(old);
        }

        var result = Decide();
        evicted = result == StoreResult.Stored && _tried is not null ? [.. _tried.Select(_accounts.KeyAt)] : [];
        for (var i = (_tried?.Count ?? 0) - 1; i >= 0; i--)
        {
            _accounts.PutBack(_tried![i]);
        }

        if (old != KeyIndex.None)
        {
            _accounts.PutBack(old);
        }

        return result;
    }

    private StoreResult Decide()
    {
        if (!_isOwn)
        {
            // An owner's items make no room for one another: whoever sends one does not know which he needs least.
            if (!_isNext && !_accounts.HasOwnerRoom(_share, _isFar))
            {
                return StoreResult.OwnerQuotaExceeded;
            }

            while (!Fits(Usage.Of(_source), _sourceBefore, _quota.KeysPerSource, _quota.BytesPerSource))
            {
                if (!TryEvictFarOfSource())
                {
                    return StoreResult.SourceQuotaExceeded;
                }
            }

            while (!FitsSubnet())
            {
                if (!TryEvictOf(_subnet))
                {
                    return StoreResult.SubnetQuotaExceeded;
                }
            }

            while (_isFar && !Fits(Far, _farBefore, _quota.FarKeys, _quota.FarBytes))
            {
                if (!TryEvict())
                {
                    return StoreResult.FarQuotaExceeded;
                }
            }
        }

        while (!Fits(All, _allBefore, _quota.TotalKeys, _quota.TotalBytes))
        {
            if (!TryEvict())
            {
                return StoreResult.TotalQuotaExceeded;
            }
        }

        return StoreResult.Stored;
    }

    // Private addresses say nothing of who owns them, and a network may live in one /24 of them.
    private bool FitsSubnet() =>
        _share.Source.IsPrivate || Fits(Usage.Of(_subnet), _subnetBefore, _quota.KeysPerSubnet, _quota.BytesPerSubnet);

    // Within the bound. Beyond it, after the quota was lowered or the area changed, a put must leave less than it found.
    private bool Fits(Usage usage, Usage before, long keys, long bytes) =>
        (usage.Keys + 1 <= keys || usage.Keys + 1 < MostBeyond(before.Keys))
        && (usage.Bytes + _share.Footprint <= bytes || usage.Bytes + _share.Footprint < MostBeyond(before.Bytes));

    // Without evictions a value may replace one of its key that is as large.
    private long MostBeyond(long before) => _evicts ? before : before + 1;

    private bool IsBeyond() =>
        _allBefore.IsBeyond(_quota.TotalKeys, _quota.TotalBytes)
        || _sourceBefore.IsBeyond(_quota.KeysPerSource, _quota.BytesPerSource)
        || (!_share.Source.IsPrivate && _subnetBefore.IsBeyond(_quota.KeysPerSubnet, _quota.BytesPerSubnet));

    private bool TryEvictFarOfSource() => !_isFar && _source is { FarKeys: > 0 } && Evict(_source);

    private bool TryEvict()
    {
        if (_accounts.Subnets.Top is not { } top)
        {
            return false;
        }

        return IsPreferredTo(top) && (_isOwn || IsWithinReserve()) ? Evict(top.Sources.Top!)
            : top == _subnet ? TryEvictOf(top)
            : (IsOfOneClassWith(top) || IsPreferredTo(top)) && WeightWithValue(_subnet) < top.Weight && Evict(top.Sources.Top!);
    }

    private bool TryEvictOf(SubnetUsage? subnet) => subnet?.Sources.Top is { } top
        && (IsPreferredTo(top) || (IsOfOneClassWith(top) && top != _source && WeightWithValue(_source) < top.Weight))
        && Evict(top);

    // A network with far values loses those first.
    private bool IsPreferredTo(NetworkUsage network) => _isOwn || (!_isFar && network.FarKeys > 0);

    private bool IsWithinReserve() => _share.Source.IsPrivate
        || ((_subnet?.NearKeys ?? 0) + 1 <= _quota.NearKeysPerSubnet
            && (_subnet?.NearBytes ?? 0) + _share.Footprint <= _quota.NearBytesPerSubnet);

    private bool IsOfOneClassWith(NetworkUsage network) => network.FarKeys > 0 == _isFar;

    private long WeightWithValue(NetworkUsage? network) =>
        _accounts.Weigh((network?.Keys ?? 0) + 1, (network?.Bytes ?? 0) + _share.Footprint);

    private bool Evict(SourceUsage source)
    {
        if (!_evicts)
        {
            return false;
        }

        var slot = source.First;
        _accounts.SetAside(slot);
        (_tried ??= []).Add(slot);
        return true;
    }

    private readonly record struct Usage(long Keys, long Bytes)
    {
        public bool IsBeyond(long keys, long bytes) => Keys > keys || Bytes > bytes;

        public static Usage Of(NetworkUsage? network) => network is null ? default : new Usage(network.Keys, network.Bytes);
    }
}

internal abstract class NetworkUsage(SourceNetwork network)
{
    public SourceNetwork Network { get; } = network;

    public int Keys { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Evictable keys for which the node is not responsible.</summary>
    public int FarKeys { get; private set; }

    public int NearKeys { get; private set; }

    public long NearBytes { get; private set; }

    public long Weight { get; private set; }

    /// <summary>Index in the heap, or -1.</summary>
    public int Place { get; set; } = -1;

    public void Count(int sign, int footprint, UsageScale scale)
    {
        Keys += sign;
        Bytes += sign * footprint;
        Weigh(scale);
    }

    public void Weigh(UsageScale scale) => Weight = scale.Weigh(Keys, Bytes);

    public void CountEvictable(int sign, int footprint, bool isFar)
    {
        FarKeys += isFar ? sign : 0;
        NearKeys += isFar ? 0 : sign;
        NearBytes += isFar ? 0 : sign * footprint;
    }

    /// <summary>Whether this loses a value before another: one with far values first, then the heavier one.</summary>
    public bool IsBefore(NetworkUsage other) =>
        FarKeys > 0 != other.FarKeys > 0 ? FarKeys > 0
        : Weight != other.Weight ? Weight > other.Weight
        : Network.High != other.Network.High ? Network.High < other.Network.High
        : Network.Low < other.Network.Low;
}

internal sealed class SubnetUsage(SourceNetwork network) : NetworkUsage(network)
{
    public UsageHeap<SourceUsage> Sources { get; } = new();
}

/// <summary>One source and its evictable values, near and far ones each in the order in which they came.</summary>
internal sealed class SourceUsage(SourceNetwork network, SubnetUsage subnet, int number) : NetworkUsage(network)
{
    private (int Oldest, int Newest) _near = (KeyIndex.None, KeyIndex.None);
    private (int Oldest, int Newest) _far = (KeyIndex.None, KeyIndex.None);

    public SubnetUsage Subnet { get; } = subnet;

    public int Number { get; } = number;

    public int First => _far.Oldest != KeyIndex.None ? _far.Oldest : _near.Oldest;

    public int OldestOf(bool isFar) => ListOf(isFar).Oldest;

    private ref (int Oldest, int Newest) ListOf(bool isFar) => ref isFar ? ref _far : ref _near;

    public void Link(KeyIndex slots, int slot, bool isOldest)
    {
        ref var entry = ref slots[slot];
        ref var list = ref ListOf(entry.IsFar);
        (entry.Older, entry.Newer) = isOldest ? (KeyIndex.None, list.Oldest) : (list.Newest, KeyIndex.None);
        Connect(slots, slot, isLinked: true);
    }

    // Takes a slot out of its list, or puts it back where it was: the latest that was taken out comes first.
    public void Connect(KeyIndex slots, int slot, bool isLinked)
    {
        ref var entry = ref slots[slot];
        ref var list = ref ListOf(entry.IsFar);
        (entry.Older == KeyIndex.None ? ref list.Oldest : ref slots[entry.Older].Newer) = isLinked ? slot : entry.Newer;
        (entry.Newer == KeyIndex.None ? ref list.Newest : ref slots[entry.Newer].Older) = isLinked ? slot : entry.Older;
    }
}

/// <summary>Makes keys and bytes comparable: the larger share of both, in bytes.</summary>
internal readonly record struct UsageScale
{
    private readonly long _bytesPerKey;

    public UsageScale(StoreQuota quota) => _bytesPerKey = quota.TotalKeys == 0 ? 0 : quota.TotalBytes / quota.TotalKeys;

    public long Weigh(int keys, long bytes) => Math.Max(keys * _bytesPerKey, bytes);
}

/// <summary>Networks that have values to evict; the next one to lose a value is on top. Changes take O(log n).</summary>
internal sealed class UsageHeap<T>
    where T : NetworkUsage
{
    // Most subnets have one source.
    private T[] _items = [];
    private int _count;

    public T? Top => _count == 0 ? null : _items[0];

    public void Update(T item)
    {
        if (item.FarKeys + item.NearKeys == 0)
        {
            Remove(item);
            return;
        }

        if (item.Place < 0)
        {
            if (_count == _items.Length)
            {
                Array.Resize(ref _items, Math.Max(1, _count * 2));
            }

            Set(_count++, item);
        }

        Sift(item);
    }

    private void Remove(T item)
    {
        if (item.Place < 0)
        {
            return;
        }

        var last = _items[--_count];
        _items[_count] = null!;
        if (last != item)
        {
            Set(item.Place, last);
            Sift(last);
        }

        item.Place = -1;
    }

    private void Sift(T item)
    {
        while (item.Place > 0 && item.IsBefore(_items[(item.Place - 1) / 2]))
        {
            Swap(item.Place, (item.Place - 1) / 2);
        }

        while (FirstChild(item.Place) is { } child && _items[child].IsBefore(item))
        {
            Swap(item.Place, child);
        }
    }

    private int? FirstChild(int place)
    {
        var left = (2 * place) + 1;
        return left >= _count ? null
            : left + 1 < _count && _items[left + 1].IsBefore(_items[left]) ? left + 1
            : left;
    }

    private void Swap(int one, int other)
    {
        var item = _items[one];
        Set(one, _items[other]);
        Set(other, item);
    }

    private void Set(int place, T item)
    {
        _items[place] = item;
        item.Place = place;
    }
}
