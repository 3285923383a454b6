using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;
using KadOrleans.Storage.Sqlite.Reading;
using KadOrleans.Storage.Sqlite.Segments;

namespace KadOrleans.Storage.Sqlite.Writing;

/// <summary>
/// The changes of one transaction: the new state of each key and publication. Memory changes only after the commit. Only the writer uses
/// it, for one batch after another.
/// </summary>
internal sealed class BatchPlan(ValueMemory memory, SegmentTable segments, PublicationMemory publications)
{
    private readonly KeyShardPlan _values = new(memory.Shard);
    private readonly Dictionary<NodeId, Publication?> _publications = [];
    private readonly List<Segment> _damaged = [];
    private int _publicationsAdded;

    /// <summary>The node state to save, or null if the batch saves none.</summary>
    public NodeState? State { get; private set; }

    /// <summary>Whether segments of an earlier release are split.</summary>
    public bool Splits { get; private set; }

    /// <summary>Whether there are values to write.</summary>
    public bool WritesValues => _values.NeedsWrite;

    /// <summary>Whether there is nothing to write to the file.</summary>
    public bool IsEmpty => !WritesValues && _publications.Count == 0 && State is null && _damaged.Count == 0 && !Splits;

    /// <summary>Drops all changes.</summary>
    public void Clear()
    {
        _values.Clear();
        _publications.Clear();
        _damaged.Clear();
        Splits = false;
        _publicationsAdded = 0;
        State = null;
    }

    /// <summary>Puts a value, if the rules allow it after the changes planned so far.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="value">The value.</param>
    /// <param name="kind">Where it comes from.</param>
    /// <param name="isAtStake">Whether the result depends on the commit.</param>
    public StoreResult Put(NodeId key, StoredValue value, PutKind kind, out bool isAtStake)
    {
        // Read before the lock, which readers of other values wait for.
        var before = _values.Find(key);
        lock (memory.Gate)
        {
            return _values.Put(key, before, value, kind, out isAtStake).Result;
        }
    }

    /// <summary>Removes a key, if it holds an expired value.</summary>
    public bool RemoveExpired(NodeId key, DateTimeOffset now)
    {
        if (!(_values.FindEnd(key) <= now))
        {
            return false;
        }

        lock (memory.Gate)
        {
            _values.Set(key, null);
        }

        return true;
    }

    /// <summary>Has a damaged segment replaced: its values are written again as far as the cache has them, and others are given up.</summary>
    /// <returns>How many were written again and how many were not; null if it is gone.</returns>
    public (int Kept, int Lost)? Replace(long number)
    {
        if (segments.Find(number) is not { } segment || _damaged.Contains(segment))
        {
            return null;
        }

        var (kept, lost) = (0, 0);
        _damaged.Add(segment);
        foreach (var held in memory.Scan(held => RecordPlace.From(held.Place).Slot == segment.Slot).ToList())
        {
            lock (memory.Gate)
            {
                var isKnown = _values.TryFindChange(held.Key, out var value);
                value = isKnown ? value : ((IShardValues)memory).Peek(held);
                _values.Set(held.Key, value);
                (kept, lost) = isKnown || value is not null ? (kept + 1, lost) : (kept, lost + 1);
            }
        }

        return (kept, lost);
    }

    /// <summary>The value of a key as it is committed.</summary>
    public StoredValue? Read(NodeId key, DateTimeOffset now) =>
        memory.Shard.Read(key) is { } value && !value.IsExpired(now) ? value : null;

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

    /// <summary>The publication of a key after the changes planned so far.</summary>
    public Publication? FindPublication(NodeId key) =>
        _publications.TryGetValue(key, out var planned) ? planned : publications.Get(key);

    /// <summary>Saves a node state. The last one of a batch stays.</summary>
    public void SaveState(NodeState state) => State = state;

    /// <summary>Splits some segments of an earlier release.</summary>
    public void Split() => Splits = true;

    /// <summary>Writes the changes in the open transaction.</summary>
    public void WriteTo(SegmentLog log, PreparedStatements statements)
    {
        foreach (var (key, value) in _values.Writes)
        {
            log.Write(key, value);
        }

        _damaged.ForEach(log.Rewrite);

        // The state is saved every few minutes: time enough to look at some of the file.
        if (State is not null)
        {
            log.Check();
        }

        if (Splits)
        {
            log.SplitLarge();
        }

        if (WritesValues || _damaged.Count > 0 || Splits)
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

    /// <summary>Makes the changes in memory, after the commit or if there is nothing to commit.</summary>
    public void Apply(SegmentLog log)
    {
        lock (memory.Gate)
        {
            _values.Apply(log.PlaceOf);
            memory.Shard.AddTurnover(_values.Turnover);
            log.Apply();
        }

        publications.Apply(_publications);
    }

    /// <summary>Undoes the changes in the accounts, as they were not committed.</summary>
    public void Abandon()
    {
        lock (memory.Gate)
        {
            _values.Abandon();
        }
    }
}
