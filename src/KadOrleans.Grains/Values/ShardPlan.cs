using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions.Values;

namespace KadOrleans.Grains.Values;

/// <summary>The changes of one group commit while they are decided and written.</summary>
internal sealed class ShardPlan(KeyShard shard, DateTimeOffset now)
{
    private readonly KeyShardPlan _plan = new(shard);

    /// <summary>Whether there is anything to write.</summary>
    public bool NeedsWrite => _plan.NeedsWrite;

    /// <summary>The changes to write, one for each key.</summary>
    public IReadOnlyList<ShardChange> Changes => [.. _plan.Writes.Select(write => new ShardChange(write.Key, write.Value))];

    /// <summary>The counts of values that the plan evicts and replaces.</summary>
    public StoreTurnover Turnover => _plan.Turnover;

    /// <summary>The last value refused because its source had changed too many values of others. Null if there is none.</summary>
    public StoredValue? RefusedChange { get; private set; }

    /// <summary>Whether a result is valid only if memory equals storage.</summary>
    public bool NeedsConfirmation { get; private set; }

    /// <summary>Puts a value, if it is not too old and the rules allow it after the changes planned so far.</summary>
    public StoreResult Put(ShardPut put)
    {
        if (PutFence.IsLate(put, _plan.Find(put.Key), now))
        {
            return StoreResult.StorageFailed;
        }

        var result = _plan.Put(put.Key, put.Value, put.Kind, out _).Result;
        if (result == StoreResult.ChangeLimitExceeded)
        {
            RefusedChange = put.Value;
        }

        NeedsConfirmation |= result == StoreResult.Stored;
        return result;
    }

    /// <summary>Stops publishing a key. Returns false if it was not published.</summary>
    public bool Unpublish(NodeId key)
    {
        if (_plan.Find(key) is not { PublishedAt: not null } before)
        {
            return false;
        }

        _plan.Set(key, before with { PublishedAt = null });
        return true;
    }

    /// <summary>Prolongs the life of a publication. Returns false if the key is not published, or already lives as long.</summary>
    public bool Prolong(NodeId key, DateTimeOffset expiresAt)
    {
        if (_plan.Find(key) is not { PublishedAt: not null } before || before.ExpiresAt >= expiresAt)
        {
            return false;
        }

        _plan.Set(key, before with { ExpiresAt = expiresAt });
        return true;
    }

    /// <summary>
    /// Removes a key. Returns false if it is not held, or not expired at <paramref name="expiredAt"/> where that is given.
    /// </summary>
    public bool Remove(NodeId key, DateTimeOffset? expiredAt)
    {
        if (_plan.Find(key) is not { } before || (expiredAt is { } moment && !before.IsExpired(moment)))
        {
            return false;
        }

        _plan.Set(key, null);
        return true;
    }

    /// <summary>Makes the changes in memory, after they are in storage or if they need no write.</summary>
    public void Apply() => _plan.Apply();

    /// <summary>Drops the changes. Does nothing after <see cref="Apply"/>.</summary>
    public void Abandon() => _plan.Abandon();
}
