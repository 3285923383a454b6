using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;

namespace KadOrleans.Storage.Sqlite.Writing;

/// <summary>The changes that one transaction makes, in order. Used by the writer alone, under the memory's lock.</summary>
internal sealed class BatchPlan(KeyShard shard, PublicationMemory publications)
{
    private readonly List<Change> _changes = [];
    private readonly Dictionary<NodeId, Publication?> _publications = [];
    private HashSet<NodeId>? _written;
    private int _publicationsAdded;

    /// <summary>The node state to save, or null if the batch saves none.</summary>
    public NodeState? State { get; private set; }

    /// <summary>Whether there is nothing to write to the file.</summary>
    public bool IsEmpty => _written is null && _publications.Count == 0 && State is null;

    /// <summary>Puts a value, if the rules allow it after all that the plan holds so far.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="value">The value.</param>
    /// <param name="isCopy">Whether it comes from another holder.</param>
    /// <param name="isAtStake">Whether the answer holds only if the batch is committed.</param>
    public StoreResult Put(NodeId key, StoredValue value, bool isCopy, out bool isAtStake)
    {
        shard.Values.TryGetValue(key, out var before);
        var decision = shard.Decide(key, value, isCopy);
        if (decision.Held is { } held)
        {
            shard.Restore(key, held);
            Add(new Change(key, before, held, decision.NeedsWrite));
        }

        isAtStake = decision.Held is not null && _written is not null && _written.Contains(key);
        return decision.Result;
    }

    /// <summary>Removes a key, unless it is gone or holds a value that is alive.</summary>
    public bool RemoveExpired(NodeId key, DateTimeOffset now)
    {
        if (!shard.Values.TryGetValue(key, out var before) || !before.IsExpired(now))
        {
            return false;
        }

        shard.Remove(key);
        Add(new Change(key, before, null, NeedsWrite: true));
        return true;
    }

    /// <summary>Publishes under a key, or publishes it no more, if there is room.</summary>
    public StoreResult Publish(NodeId key, Publication? publication)
    {
        var change = (publication is null ? 0 : 1) - (FindPublication(key) is null ? 0 : 1);
        if (change > 0 && publications.Count + _publicationsAdded >= publications.Capacity)
        {
            return StoreResult.TotalQuotaExceeded;
        }

        _publicationsAdded += change;
        _publications[key] = publication;
        return StoreResult.Stored;
    }

    /// <summary>What is published under a key after all that the plan holds so far.</summary>
    public Publication? FindPublication(NodeId key) =>
        _publications.TryGetValue(key, out var planned) ? planned : publications.Get(key);

    /// <summary>Saves a node state; the last of a batch is the one that stays.</summary>
    public void SaveState(NodeState state) => State = state;

    /// <summary>Brings the memory back to what is committed, newest change first.</summary>
    public void TakeBack()
    {
        for (var i = _changes.Count - 1; i >= 0; i--)
        {
            Set(_changes[i].Key, _changes[i].Before);
        }
    }

    /// <summary>Makes the changes in the memory.</summary>
    public void Apply()
    {
        foreach (var change in _changes)
        {
            Set(change.Key, change.After);
        }

        publications.Apply(_publications);
    }

    /// <summary>Makes the changes in the file, within the transaction that is open.</summary>
    public void WriteTo(PreparedStatements statements)
    {
        foreach (var change in _changes)
        {
            if (change.After is null)
            {
                statements.Delete(change.Key);
            }
            else if (change.NeedsWrite)
            {
                statements.Put(change.Key, change.After);
            }
        }

        foreach (var (key, publication) in _publications)
        {
            statements.Publish(key, publication);
        }

        if (State is not null)
        {
            statements.SaveState(State);
        }
    }

    private void Add(Change change)
    {
        _changes.Add(change);
        if (change.NeedsWrite)
        {
            (_written ??= []).Add(change.Key);
        }
    }

    private void Set(NodeId key, StoredValue? value)
    {
        if (value is null)
        {
            shard.Remove(key);
        }
        else
        {
            shard.Restore(key, value);
        }
    }

    private readonly record struct Change(NodeId Key, StoredValue? Before, StoredValue? After, bool NeedsWrite);
}
