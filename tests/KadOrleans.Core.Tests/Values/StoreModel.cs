using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;

namespace KadOrleans.Core.Tests.Values;

/// <summary>
/// The rules of a full store over a plain list, summed up anew for each question. What came or was renewed last is last.
/// </summary>
internal sealed class StoreModel(StoreQuota quota)
{
    private readonly List<Entry> _entries = [];

    public ResponsibleArea Area { get; set; }

    public Dictionary<NodeId, StoredValue> Values => _entries.ToDictionary(entry => entry.Key, entry => entry.Value);

    public bool Remove(NodeId key) => _entries.RemoveAll(entry => entry.Key == key) > 0;

    public IReadOnlyList<NodeId> RemoveExpired(DateTimeOffset now)
    {
        NodeId[] expired = [.. _entries.Where(entry => entry.Value.IsExpired(now)).Select(entry => entry.Key).Order()];
        _entries.RemoveAll(entry => expired.Contains(entry.Key));
        return expired;
    }

    public void Restore(NodeId key, StoredValue value)
    {
        Remove(key);
        _entries.Add(new Entry(key, value));
    }

    public StoreResult Put(NodeId key, StoredValue value)
    {
        var old = _entries.Find(entry => entry.Key == key)?.Value;
        if (old is not null && !old.IsExpired(value.StoredAt) && old.Value == value.Value)
        {
            Restore(key, Renewed(old, value));
            return StoreResult.Stored;
        }

        var all = _entries.Where(entry => entry.Key != key).ToList();
        var result = MakeRoom(all, new Entry(key, value));
        if (result == StoreResult.Stored)
        {
            _entries.Clear();
            _entries.AddRange(all);
            Restore(key, value);
        }

        return result;
    }

    private static StoredValue Renewed(StoredValue old, StoredValue value)
    {
        var longer = value.ExpiresAt - old.ExpiresAt;
        var isTakenOver = value.Source.IsTrusted && !old.Source.IsTrusted;
        var isLengthened = longer > StoreDecision.NegligibleLife && (value.Source.IsTrusted || !old.Source.IsTrusted);
        return old with
        {
            StoredAt = longer >= -StoreDecision.NegligibleLife ? value.StoredAt : old.StoredAt,
            ExpiresAt = isLengthened || (longer > TimeSpan.Zero && isTakenOver) ? value.ExpiresAt : old.ExpiresAt,
            Source = isTakenOver ? value.Source : old.Source,
        };
    }

    private StoreResult MakeRoom(List<Entry> all, Entry offered)
    {
        var source = offered.Value.Source;
        if (!source.IsTrusted)
        {
            Func<Entry, bool> ofSource = entry => entry.Value.Source == source;
            while (!Fits(all, offered, ofSource, quota.KeysPerSource, quota.BytesPerSource))
            {
                if (!EvictFirst(all, offered, all.Where(ofSource).Where(entry => IsFar(entry) && !IsFar(offered))))
                {
                    return StoreResult.SourceQuotaExceeded;
                }
            }

            Func<Entry, bool> ofSubnet = entry => entry.Value.Source.Subnet == source.Subnet && !entry.Value.Source.IsTrusted;
            while (!Fits(all, offered, ofSubnet, quota.KeysPerSubnet, quota.BytesPerSubnet))
            {
                if (!EvictFirst(all, offered, all.Where(ofSubnet)))
                {
                    return StoreResult.SubnetQuotaExceeded;
                }
            }

            var kept = 100 - quota.ReservePercent;
            while (IsFar(offered) && !Fits(all, offered, IsFar, quota.TotalKeys * kept / 100, quota.TotalBytes * kept / 100))
            {
                if (!EvictFirst(all, offered, all))
                {
                    return StoreResult.FarQuotaExceeded;
                }
            }
        }

        while (!Fits(all, offered, _ => true, quota.TotalKeys, quota.TotalBytes))
        {
            if (!EvictFirst(all, offered, all))
            {
                return StoreResult.TotalQuotaExceeded;
            }
        }

        return StoreResult.Stored;
    }

    private bool Fits(List<Entry> all, Entry offered, Func<Entry, bool> counts, long keys, long bytes)
    {
        var (newKeys, newBytes) = Sum(all.Append(offered).Where(entry => counts(entry) || entry == offered));
        var (oldKeys, oldBytes) = Sum(_entries.Where(counts));
        return (newKeys <= keys || newKeys < oldKeys) && (newBytes <= bytes || newBytes < oldBytes);
    }

    private bool EvictFirst(List<Entry> all, Entry offered, IEnumerable<Entry> candidates)
    {
        var first = candidates
            .Where(entry => !entry.Value.Source.IsTrusted)
            .OrderByDescending(IsFar)
            .ThenByDescending(entry => Weight(all, entry, SubnetOf))
            .ThenBy(entry => SubnetOf(entry).Low)
            .ThenByDescending(entry => Weight(all, entry, SourceOf))
            .ThenBy(entry => SourceOf(entry).Low)
            .ThenBy(all.IndexOf)
            .FirstOrDefault();
        return first is not null && MayEvict(all, offered, first) && all.Remove(first);
    }

    private bool MayEvict(List<Entry> all, Entry offered, Entry victim)
    {
        var isPreferred = IsFar(victim) && !IsFar(offered);
        if (offered.Value.Source.IsTrusted || (isPreferred && (SubnetOf(victim) == SubnetOf(offered) || IsWithinReserve(all, offered))))
        {
            return true;
        }

        if (!isPreferred && IsFar(victim) != IsFar(offered))
        {
            return false;
        }

        Func<Entry, SourceNetwork> network = SubnetOf(offered) == SubnetOf(victim) ? SourceOf : SubnetOf;
        return network(offered) != network(victim)
            && Weight([.. all, offered], offered, network) < Weight(all, victim, network);
    }

    private bool IsWithinReserve(List<Entry> all, Entry offered)
    {
        var (keys, bytes) = Sum(all.Append(offered)
            .Where(entry => !entry.Value.Source.IsTrusted && SubnetOf(entry) == SubnetOf(offered) && !IsFar(entry)));
        return keys <= quota.NearKeysPerSubnet && bytes <= quota.NearBytesPerSubnet;
    }

    private bool IsFar(Entry entry) => !entry.Value.Source.IsTrusted && !Area.Contains(entry.Key);

    private long Weight(List<Entry> all, Entry of, Func<Entry, SourceNetwork> network)
    {
        var (keys, bytes) = Sum(all.Where(entry => !entry.Value.Source.IsTrusted && network(entry) == network(of)));
        return Math.Max(keys * (quota.TotalBytes / quota.TotalKeys), bytes);
    }

    private static SourceNetwork SourceOf(Entry entry) => entry.Value.Source;

    private static SourceNetwork SubnetOf(Entry entry) => entry.Value.Source.Subnet;

    private static (int Keys, long Bytes) Sum(IEnumerable<Entry> entries)
    {
        var counted = entries.ToList();
        return (counted.Count, counted.Sum(entry => (long)entry.Value.Footprint));
    }

    private sealed record Entry(NodeId Key, StoredValue Value);
}
