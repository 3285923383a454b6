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

    /// <summary>What is to be written, each key once.</summary>
    public IReadOnlyList<ShardChange> Changes => [.. _plan.Writes.Select(write => new ShardChange(write.Key, write.Value))];

    /// <summary>What the plan evicts and changes.</summary>
    public StoreTurnover Turnover => _plan.Turnover;

    /// <summary>The last value that its source might not store, as it had changed too many of others; null if there is none.</summary>
    public StoredValue? RefusedChange { get; private set; }

    /// <summary>Whether an answer holds only if what is held here is what is in storage.</summary>
    public bool NeedsConfirmation { get; private set; }

    /// <summary>Puts a value, if it is not late and the rules allow it after all that the plan holds so far.</summary>
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

    /// <summary>Stops publishing a key; false if it was not published.</summary>
    public bool Unpublish(NodeId key)
    {
        if (_plan.Find(key) is not { PublishedAt: not null } before)
        {
            return false;
        }

        _plan.Set(key, before with { PublishedAt = null });
        return true;
    }

    /// <summary>Lets what is published live until then; false if the key is not published, or lives as long.</summary>
    public bool Prolong(NodeId key, DateTimeOffset expiresAt)
    {
        if (_plan.Find(key) is not { PublishedAt: not null } before || before.ExpiresAt >= expiresAt)
        {
            return false;
        }

        _plan.Set(key, before with { ExpiresAt = expiresAt });
        return true;
    }

    /// <summary>Removes a key; false if it is not held, or lives on at <paramref name="expiredAt"/> where that is given.</summary>
    public bool Remove(NodeId key, DateTimeOffset? expiredAt)
    {
        if (_plan.Find(key) is not { } before || (expiredAt is { } moment && !before.IsExpired(moment)))
        {
            return false;
        }

        _plan.Set(key, null);
        return true;
    }

    /// <summary>Makes the changes in memory: they are in storage, or need not be.</summary>
    public void Apply() => _plan.Apply();

    /// <summary>Forgets the changes. Nothing is left to do after <see cref="Apply"/>.</summary>
    public void Abandon() => _plan.Abandon();
}
