using System.Runtime.InteropServices;
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
    private readonly Dictionary<NodeId, Change> _changes = [];
    private readonly Dictionary<NodeId, Publication?> _publications = [];
    private StoreTurnover _turnover;
    private int _publicationsAdded;
    private bool _writesValues;

    /// <summary>The node state to save, or null if the batch saves none.</summary>
    public NodeState? State { get; private set; }

    /// <summary>Whether a key's state is to be written.</summary>
    public bool WritesValues => _writesValues;

    /// <summary>Whether there is nothing to write to the file.</summary>
    public bool IsEmpty => !_writesValues && _publications.Count == 0 && State is null;

    /// <summary>Forgets all changes.</summary>
    public void Clear()
    {
        _changes.Clear();
        _turnover = default;
        _publications.Clear();
        _publicationsAdded = 0;
        _writesValues = false;
        State = null;
    }

    /// <summary>Puts a value, if the rules allow it after all that the plan holds so far.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="value">The value.</param>
    /// <param name="kind">Where it comes from.</param>
    /// <param name="isAtStake">Whether the answer holds only if the batch is committed.</param>
    public StoreResult Put(NodeId key, StoredValue value, PutKind kind, out bool isAtStake)
    {
        var before = Find(key);
        var decision = memory.Decide(key, before, value, kind);
        foreach (var evicted in decision.Evicted)
        {
            Set(evicted.Key, Find(evicted.Key), null, needsWrite: true);
        }

        _turnover = _turnover.Add(decision);
        isAtStake = decision.Held is not null && Set(key, before, decision.Held, decision.NeedsWrite);
        return decision.Result;
    }

    /// <summary>Removes a key, unless it is gone or holds a value that is alive.</summary>
    public bool RemoveExpired(NodeId key, DateTimeOffset now)
    {
        var before = Find(key);
        if (before is not { } held || !held.Value.IsExpired(now))
        {
            return false;
        }

        Set(key, before, null, needsWrite: true);
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

    /// <summary>Makes the changes in the file, within the transaction that is open.</summary>
    public void WriteTo(SegmentLog log, PreparedStatements statements)
    {
        if (_writesValues)
        {
            foreach (var (key, change) in _changes)
            {
                if (change.NeedsWrite)
                {
                    log.Write(key, change.After?.Value);
                }
            }

        }

        // The state is saved every few minutes: time enough to look at some of the file.
        var isDamaged = State is not null && log.Check();
        if (_writesValues || isDamaged)
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
        memory.Change(() =>
        {
            foreach (var (key, change) in _changes)
            {
                if (change.After is { } after)
                {
                    memory.Set(key, after, change.NeedsWrite ? log.PlaceOf(key) : null);
                }
                else
                {
                    memory.Remove(key);
                }
            }

            memory.Note(_turnover);
            log.Apply();
        });
        _changes.Clear();
        publications.Apply(_publications);
    }

    /// <summary>Takes the changes out of the accounts again, as they were not committed.</summary>
    public void Abandon()
    {
        foreach (var (key, change) in _changes.Where(entry => entry.Value.After is not null))
        {
            memory.Uncount(key, change.After);
        }

        // What the batch evicted first was the oldest, and is so again if it comes last.
        foreach (var (key, _) in _changes.Where(entry => entry.Value.After is null).Reverse())
        {
            memory.Uncount(key, planned: null);
        }

        _changes.Clear();
    }

    private CountedValue? Find(NodeId key) =>
        _changes.TryGetValue(key, out var change) ? change.After
        : memory.TryFind(key, out var held) ? held.Counted
        : null;

    // True if the key's state is to be written.
    private bool Set(NodeId key, CountedValue? before, StoredValue? after, bool needsWrite)
    {
        var counted = memory.Count(key, before, after);
        ref var change = ref CollectionsMarshal.GetValueRefOrAddDefault(_changes, key, out _);
        change = new Change(counted, change.NeedsWrite || needsWrite);
        _writesValues |= needsWrite;
        return change.NeedsWrite;
    }

    private readonly record struct Change(CountedValue? After, bool NeedsWrite);
}
