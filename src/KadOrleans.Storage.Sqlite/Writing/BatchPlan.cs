using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;
using KadOrleans.Storage.Sqlite.Segments;

namespace KadOrleans.Storage.Sqlite.Writing;

/// <summary>
/// The changes that one transaction makes: what each key and publication is to be after it, beside a memory that knows
/// nothing of them yet. Used by the writer alone, for one batch after another.
/// </summary>
internal sealed class BatchPlan(ValueMemory memory, PublicationMemory publications)
{
    private readonly KeyShardPlan _values = new(memory.Shard);
    private readonly Dictionary<NodeId, Publication?> _publications = [];
    private int _publicationsAdded;

    /// <summary>The node state to save, or null if the batch saves none.</summary>
    public NodeState? State { get; private set; }

    /// <summary>Whether a key's state is to be written.</summary>
    public bool WritesValues => _values.NeedsWrite;

    /// <summary>Whether there is nothing to write to the file.</summary>
    public bool IsEmpty => !WritesValues && _publications.Count == 0 && State is null;

    /// <summary>Forgets all changes.</summary>
    public void Clear()
    {
        _values.Clear();
        _publications.Clear();
        _publicationsAdded = 0;
        State = null;
    }

    /// <summary>Puts a value, if the rules allow it after all that the plan holds so far.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="value">The value.</param>
    /// <param name="kind">Where it comes from.</param>
    /// <param name="isAtStake">Whether the answer holds only if the batch is committed.</param>
    public StoreResult Put(NodeId key, StoredValue value, PutKind kind, out bool isAtStake)
    {
        lock (memory.Gate)
        {
            return _values.Put(key, value, kind, out isAtStake).Result;
        }
    }

    /// <summary>Removes a key, unless it is gone or holds a value that is alive.</summary>
    public bool RemoveExpired(NodeId key, DateTimeOffset now)
    {
        if (_values.Find(key) is not { } held || !held.IsExpired(now))
        {
            return false;
        }

        lock (memory.Gate)
        {
            _values.Set(key, null);
        }

        return true;
    }

    /// <summary>Starts or stops publishing a key, if there is room.</summary>
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

    /// <summary>Makes the changes in the file, within the transaction that is open.</summary>
    public void WriteTo(SegmentLog log, PreparedStatements statements)
    {
        foreach (var (key, value) in _values.Writes)
        {
            log.Write(key, value);
        }

        // The state is saved every few minutes: time enough to look at some of the file.
        var isDamaged = State is not null && log.Check();
        if (WritesValues || isDamaged)
        {
            log.Finish();
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

    /// <summary>Makes the changes in the memory, once they are committed, or if there is nothing to commit.</summary>
    public void Apply(SegmentLog log)
    {
        lock (memory.Gate)
        {
            _values.Apply(log.PlaceOf);
            memory.Shard.Note(_values.Turnover);
            log.Apply();
        }

        publications.Apply(_publications);
    }

    /// <summary>Takes the changes out of the accounts again, as they were not committed.</summary>
    public void Abandon()
    {
        lock (memory.Gate)
        {
            _values.Abandon();
        }
    }
}
