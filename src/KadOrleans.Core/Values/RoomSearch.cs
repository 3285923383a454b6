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
    private readonly SourceUsage? _source;
    private readonly SubnetUsage? _subnet;
    private readonly Usage _allBefore;
    private readonly Usage _farBefore;
    private readonly Usage _sourceBefore;
    private readonly Usage _subnetBefore;

    // False while more is held than an operator allows: nothing goes, and nothing more comes.
    private readonly bool _evicts;
    private List<int>? _tried;

    public RoomSearch(StoreAccounts accounts, StoreShare share, bool isFar)
    {
        (_accounts, _quota, _share) = (accounts, accounts.Quota, share);
        _isOwn = share.IsProtected;
        _isFar = isFar && !_isOwn;
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

    // As with the subnet's quota: who owns private addresses is not known.
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
