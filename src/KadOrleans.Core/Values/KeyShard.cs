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
    /// Whether <see cref="Put"/> would take the value: <see cref="StoreResult.Stored"/> or why not. A value that
    /// replaces another is weighed against the room that the other leaves.
    /// </summary>
    public StoreResult CheckPut(NodeId key, StoredValue value)
    {
        var rule = StoreRules.Check(value.Value);
        if (rule != StoreResult.Stored)
        {
            return rule;
        }

        _values.TryGetValue(key, out var old);
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

    /// <summary>Holds the value in place of any earlier one of the key, if <see cref="CheckPut"/> allows it.</summary>
    public StoreResult Put(NodeId key, StoredValue value)
    {
        var result = CheckPut(key, value);
        if (result == StoreResult.Stored)
        {
            Restore(key, value);
        }

        return result;
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
