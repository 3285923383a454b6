using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions.Values;

namespace KadOrleans.Grains.Values;

/// <summary>
/// The changes of one group commit while they are decided: each is made in memory, so that the next is weighed against
/// it, and all are taken back before anyone else looks.
/// </summary>
internal sealed class ShardPlan(KeyShard shard, DateTimeOffset now)
{
    private readonly List<Step> _steps = [];
    private readonly List<StoreDecision> _decisions = [];

    /// <summary>What is to be written, in order.</summary>
    public IReadOnlyList<ShardChange> Changes => [.. _steps.Where(step => step.NeedsWrite).Select(step => step.Change)];

    /// <summary>What changes in memory alone: values that are in storage already and were stored once more.</summary>
    public IReadOnlyList<ShardChange> Touches => [.. _steps.Where(step => !step.NeedsWrite).Select(step => step.Change)];

    /// <summary>What was decided that <see cref="KeyShard.Note"/> has to know once it is written.</summary>
    public IReadOnlyList<StoreDecision> Decisions => _decisions;

    /// <summary>The last value that its source might not store, as it had changed too many of others; null if there is none.</summary>
    public StoredValue? RefusedChange { get; private set; }

    /// <summary>Whether an answer holds only if what is held here is what is in storage.</summary>
    public bool NeedsConfirmation { get; private set; }

    /// <summary>Puts a value, if it is not late and the rules allow it after all that the plan holds so far.</summary>
    public StoreResult Put(ShardPut put)
    {
        if (PutFence.IsLate(put, shard.Values.GetValueOrDefault(put.Key), now))
        {
            return StoreResult.StorageFailed;
        }

        var decision = shard.Decide(put.Key, put.Value, put.Kind);
        shard.Charge(decision);
        foreach (var evicted in decision.Evicted)
        {
            Remove(evicted.Key, expiredAt: null);
        }

        if (decision.Evicted.Count > 0 || decision.IsChange)
        {
            _decisions.Add(decision);
        }

        if (decision.Result == StoreResult.ChangeLimitExceeded)
        {
            RefusedChange = put.Value;
        }

        if (decision.Held is { } held)
        {
            Add(new ShardChange(put.Key, held), shard.Values.GetValueOrDefault(put.Key), decision.NeedsWrite);
        }

        NeedsConfirmation |= decision.Result == StoreResult.Stored;
        return decision.Result;
    }

    /// <summary>Has a key published no more; false if it was not.</summary>
    public bool Unpublish(NodeId key)
    {
        if (shard.Values.GetValueOrDefault(key) is not { PublishedAt: not null } before)
        {
            return false;
        }

        Add(new ShardChange(key, before with { PublishedAt = null }), before, needsWrite: true);
        return true;
    }

    /// <summary>Lets what is published live until then; false if the key is not published, or lives as long.</summary>
    public bool Prolong(NodeId key, DateTimeOffset expiresAt)
    {
        if (shard.Values.GetValueOrDefault(key) is not { PublishedAt: not null } before || before.ExpiresAt >= expiresAt)
        {
            return false;
        }

        Add(new ShardChange(key, before with { ExpiresAt = expiresAt }), before, needsWrite: true);
        return true;
    }

    /// <summary>Removes a key; false if it is not held, or lives on at <paramref name="expiredAt"/> where that is given.</summary>
    public bool Remove(NodeId key, DateTimeOffset? expiredAt)
    {
        if (!shard.Values.TryGetValue(key, out var before) || (expiredAt is { } now && !before.IsExpired(now)))
        {
            return false;
        }

        Add(new ShardChange(key, null), before, needsWrite: true);
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

    private void Add(ShardChange change, StoredValue? before, bool needsWrite)
    {
        change.ApplyTo(shard);
        _steps.Add(new Step(change, before, needsWrite));
    }

    private readonly record struct Step(ShardChange Change, StoredValue? Before, bool NeedsWrite);
}
