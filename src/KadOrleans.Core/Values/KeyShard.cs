using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using KadOrleans.Core.Admission;

namespace KadOrleans.Core.Values;

/// <summary>
/// Keys and their values in memory, with their time to live and their quotas. Not safe for several threads:
/// whoever owns it serialises calls.
/// </summary>
public sealed class KeyShard
{
    /// <summary>
    /// A longer life of no more than this is not worth a write: what k holders send each other each hour differs by
    /// delays and rounding.
    /// </summary>
    public static readonly TimeSpan NegligibleLife = TimeSpan.FromMinutes(1);

    private readonly Dictionary<NodeId, StoredValue> _values = [];
    private readonly Dictionary<SourceNetwork, Usage> _bySource = [];
    private readonly StoreQuota _quota;

    /// <summary>An empty shard.</summary>
    /// <param name="quota">Its bounds.</param>
    public KeyShard(StoreQuota quota)
    {
        _quota = quota;
    }

    /// <summary>Keys held, expired ones included until <see cref="RemoveExpired"/> sees them.</summary>
    public int Count => _values.Count;

    /// <summary>Sum of the values' footprints in bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>All keys and values, in no order. The shard must not change meanwhile.</summary>
    public IReadOnlyDictionary<NodeId, StoredValue> Values => _values;

    /// <summary>The value of <paramref name="key"/>, unless it has none that is alive at <paramref name="now"/>.</summary>
    public bool TryGet(NodeId key, DateTimeOffset now, [NotNullWhen(true)] out StoredValue? value)
    {
        if (_values.TryGetValue(key, out value) && !value.IsExpired(now))
        {
            return true;
        }

        value = null;
        return false;
    }

    /// <summary>
    /// Decides what becomes of a value, and changes nothing. The value that is held already keeps its source and the
    /// later of both ends of life. Another one is replaced, unless the offer is a copy that ends no later: an old
    /// publication coming back. What replaces another is weighed against the room that the other leaves.
    /// </summary>
    /// <param name="key">Its key.</param>
    /// <param name="offered">The value; its <see cref="StoredValue.StoredAt"/> is the present moment.</param>
    /// <param name="isCopy">Whether it comes from another holder with what is left of its life, not from its publisher.</param>
    public StoreDecision Decide(NodeId key, StoredValue offered, bool isCopy = false)
    {
        ArgumentNullException.ThrowIfNull(offered);
        var rule = StoreRules.Check(offered.Value);
        if (rule != StoreResult.Stored)
        {
            return new StoreDecision(rule, null, false);
        }

        _values.TryGetValue(key, out var old);
        if (old is not null && !old.IsExpired(offered.StoredAt))
        {
            if (old.Value == offered.Value)
            {
                return Renew(old, offered);
            }

            if (isCopy && old.ExpiresAt >= offered.ExpiresAt)
            {
                return new StoreDecision(StoreResult.Outdated, null, false);
            }
        }

        if (isCopy && offered.IsExpired(offered.StoredAt))
        {
            return new StoreDecision(StoreResult.Outdated, null, false);
        }

        var room = CheckRoom(old, offered);
        return room == StoreResult.Stored ? new StoreDecision(room, offered, true) : new StoreDecision(room, null, false);
    }

    /// <summary>What <see cref="Put"/> would answer.</summary>
    public StoreResult CheckPut(NodeId key, StoredValue value, bool isCopy = false) => Decide(key, value, isCopy).Result;

    /// <summary>Does what <see cref="Decide"/> says.</summary>
    public StoreResult Put(NodeId key, StoredValue value, bool isCopy = false)
    {
        var decision = Decide(key, value, isCopy);
        if (decision.Held is { } held)
        {
            Restore(key, held);
        }

        return decision.Result;
    }

    /// <summary>Holds a value that was accepted earlier, whatever the quotas are now.</summary>
    public void Restore(NodeId key, StoredValue value)
    {
        Remove(key);
        _values.Add(key, value);
        Account(value, 1);
    }

    /// <summary>Forgets a key. False if it was not held.</summary>
    public bool Remove(NodeId key)
    {
        if (!_values.Remove(key, out var old))
        {
            return false;
        }

        Account(old, -1);
        return true;
    }

    /// <summary>Forgets what is expired at <paramref name="now"/> and returns the keys.</summary>
    public IReadOnlyList<NodeId> RemoveExpired(DateTimeOffset now)
    {
        var expired = new List<NodeId>();
        foreach (var (key, value) in _values)
        {
            if (value.IsExpired(now))
            {
                expired.Add(key);
            }
        }

        foreach (var key in expired)
        {
            Remove(key);
        }

        return expired;
    }

    private static StoreDecision Renew(StoredValue old, StoredValue offered)
    {
        var touched = old with { StoredAt = offered.StoredAt > old.StoredAt ? offered.StoredAt : old.StoredAt };
        var publishedAt = offered.PublishedAt ?? old.PublishedAt;
        if (offered.ExpiresAt - old.ExpiresAt <= NegligibleLife && publishedAt == old.PublishedAt)
        {
            return new StoreDecision(StoreResult.Stored, touched, false);
        }

        var expiresAt = offered.ExpiresAt > old.ExpiresAt ? offered.ExpiresAt : old.ExpiresAt;
        return new StoreDecision(StoreResult.Stored, touched with { ExpiresAt = expiresAt, PublishedAt = publishedAt }, true);
    }

    private StoreResult CheckRoom(StoredValue? old, StoredValue value)
    {
        var freed = old?.Footprint ?? 0;
        var keys = _values.Count + (old is null ? 1 : 0);
        if (keys > _quota.TotalKeys || Bytes - freed + value.Footprint > _quota.TotalBytes)
        {
            return StoreResult.TotalQuotaExceeded;
        }

        if (value.Source.IsTrusted)
        {
            return StoreResult.Stored;
        }

        var used = _bySource.GetValueOrDefault(value.Source);
        if (old is not null && old.Source == value.Source)
        {
            used = used.Add(-1, -freed);
        }

        return used.Keys + 1 > _quota.KeysPerSource || used.Bytes + value.Footprint > _quota.BytesPerSource
            ? StoreResult.SourceQuotaExceeded
            : StoreResult.Stored;
    }

    private void Account(StoredValue value, int sign)
    {
        Bytes += sign * value.Footprint;
        if (value.Source.IsTrusted)
        {
            return;
        }

        ref var used = ref CollectionsMarshal.GetValueRefOrAddDefault(_bySource, value.Source, out _);
        used = used.Add(sign, sign * value.Footprint);
        if (used.Keys == 0)
        {
            _bySource.Remove(value.Source);
        }
    }

    private readonly record struct Usage(int Keys, long Bytes)
    {
        public Usage Add(int keys, long bytes) => new(Keys + keys, Bytes + bytes);
    }
}
