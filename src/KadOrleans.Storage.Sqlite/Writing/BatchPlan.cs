using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;

namespace KadOrleans.Storage.Sqlite.Writing;

/// <summary>The changes that one transaction makes, in order. Used by the writer alone, under the memory's lock.</summary>
internal sealed class BatchPlan(KeyShard shard)
{
    private readonly List<Change> _changes = [];

    /// <summary>The node state to save, or null if the batch saves none.</summary>
    public NodeState? State { get; private set; }

    /// <summary>Whether there is nothing to write.</summary>
    public bool IsEmpty => _changes.Count == 0 && State is null;

    /// <summary>Puts a value, if the quotas allow it after all that the plan holds so far.</summary>
    public StoreResult Put(NodeId key, StoredValue value)
    {
        shard.Values.TryGetValue(key, out var before);
        var result = shard.Put(key, value);
        if (result == StoreResult.Stored)
        {
            _changes.Add(new Change(key, before, value));
        }

        return result;
    }

    /// <summary>Removes a key, unless it is gone or holds a value that is alive.</summary>
    public bool RemoveExpired(NodeId key, DateTimeOffset now)
    {
        if (!shard.Values.TryGetValue(key, out var before) || !before.IsExpired(now))
        {
            return false;
        }

        shard.Remove(key);
        _changes.Add(new Change(key, before, null));
        return true;
    }

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
            else
            {
                statements.Put(change.Key, change.After);
            }
        }

        if (State is not null)
        {
            statements.SaveState(State);
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

    private readonly record struct Change(NodeId Key, StoredValue? Before, StoredValue? After);
}
