using System.Runtime.InteropServices;
using KadOrleans.Core.Admission;

namespace KadOrleans.Core.Values;

/// <summary>
/// What a set of keys takes of a <see cref="StoreQuota"/>, in all and by source. Not safe for several threads: whoever
/// owns it serialises calls.
/// </summary>
public sealed class StoreAccounts
{
    private readonly Dictionary<SourceNetwork, Usage> _bySource = [];
    private readonly StoreQuota _quota;
    private readonly StoreAccounts? _basis;
    private Usage _total;

    /// <summary>The accounts of an empty set.</summary>
    /// <param name="quota">Its bounds.</param>
    public StoreAccounts(StoreQuota quota)
    {
        _quota = quota;
    }

    /// <summary>A draft: it begins as other accounts are, follows them, and leaves them alone.</summary>
    /// <param name="basis">The accounts that it is a draft of.</param>
    public StoreAccounts(StoreAccounts basis)
    {
        ArgumentNullException.ThrowIfNull(basis);
        _quota = basis._quota;
        _basis = basis;
    }

    /// <summary>Keys counted.</summary>
    public int Keys => _total.Keys + (_basis?.Keys ?? 0);

    /// <summary>Sum of the values' footprints in bytes.</summary>
    public long Bytes => _total.Bytes + (_basis?.Bytes ?? 0);

    /// <summary>Counts a value.</summary>
    public void Add(StoredValue value) => Account(value, 1);

    /// <summary>Counts a value no more.</summary>
    public void Remove(StoredValue value) => Account(value, -1);

    /// <summary>Makes a draft begin anew, at what its basis is now.</summary>
    public void Clear()
    {
        _total = default;
        _bySource.Clear();
    }

    /// <summary>Whether there is room for a value, in place of another or of none.</summary>
    public StoreResult CheckRoom(StoredValue? old, StoredValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        var freed = old?.Footprint ?? 0;
        var keys = Keys + (old is null ? 1 : 0);
        if (keys > _quota.TotalKeys || Bytes - freed + value.Footprint > _quota.TotalBytes)
        {
            return StoreResult.TotalQuotaExceeded;
        }

        if (value.Source.IsTrusted)
        {
            return StoreResult.Stored;
        }

        var used = UsageOf(value.Source);
        if (old is not null && old.Source == value.Source)
        {
            used = used.Add(-1, -freed);
        }

        return used.Keys + 1 > _quota.KeysPerSource || used.Bytes + value.Footprint > _quota.BytesPerSource
            ? StoreResult.SourceQuotaExceeded
            : StoreResult.Stored;
    }

    private Usage UsageOf(SourceNetwork source)
    {
        var used = _bySource.GetValueOrDefault(source);
        var before = _basis?.UsageOf(source) ?? default;
        return used.Add(before.Keys, before.Bytes);
    }

    private void Account(StoredValue value, int sign)
    {
        ArgumentNullException.ThrowIfNull(value);
        _total = _total.Add(sign, sign * value.Footprint);
        if (value.Source.IsTrusted)
        {
            return;
        }

        ref var used = ref CollectionsMarshal.GetValueRefOrAddDefault(_bySource, value.Source, out _);
        used = used.Add(sign, sign * value.Footprint);
        if (used == default)
        {
            _bySource.Remove(value.Source);
        }
    }

    private readonly record struct Usage(int Keys, long Bytes)
    {
        public Usage Add(int keys, long bytes) => new(Keys + keys, Bytes + bytes);
    }
}
