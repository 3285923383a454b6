using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Grains.Values;

/// <summary>
/// The changes of one group commit while they are decided: each is made in memory, so that the next is weighed against
/// it, and all are taken back before anyone else looks.
/// </summary>
internal sealed class ShardPlan(KeyShard shard)
{
    private readonly List<(ShardChange Change, StoredValue? Before)> _steps = [];

    /// <summary>What is to be written, in order.</summary>
    public IReadOnlyList<ShardChange> Changes => [.. _steps.Select(step => step.Change)];

    /// <summary>Puts a value, if the quotas allow it after all that the plan holds so far.</summary>
    public StoreResult Put(NodeId key, StoredValue value)
    {
        var before = shard.Values.GetValueOrDefault(key);
        var result = shard.Put(key, value);
        if (result == StoreResult.Stored)
        {
            _steps.Add((new ShardChange(key, value), before));
        }

        return result;
    }

    /// <summary>Removes a key; false if it is not held, or lives on at <paramref name="expiredAt"/> where that is given.</summary>
    public bool Remove(NodeId key, DateTimeOffset? expiredAt)
    {
        if (!shard.Values.TryGetValue(key, out var before) || (expiredAt is { } now && !before.IsExpired(now)))
        {
            return false;
        }

        shard.Remove(key);
        _steps.Add((new ShardChange(key, null), before));
        return true;
    }

    /// <summary>Brings memory back to what is in storage, newest change first.</summary>
    public void TakeBack()
    {
        for (var i = _steps.Count - 1; i >= 0; i--)
        {
            new ShardChange(_steps[i].Change.Key, _steps[i].Before).ApplyTo(shard);
        }
    }
}
