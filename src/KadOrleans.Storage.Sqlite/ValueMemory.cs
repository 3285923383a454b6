using System.Runtime.InteropServices;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;

namespace KadOrleans.Storage.Sqlite;

/// <summary>
/// All values of the file, in memory: what is read here is committed. Many threads read; only the writer changes, so it
/// alone may also read without the lock.
/// </summary>
internal sealed class ValueMemory(StoreQuota quota)
{
    // One that grows, or is copied, holds up readers for so much less than one of a million would.
    private const int Parts = 1024;

    // Values judged again at a time; readers wait meanwhile.
    private const int JudgedTogether = 4096;

    // Guards all that follows.
    private readonly Lock _gate = new();
    private readonly Dictionary<NodeId, HeldValue>[] _parts =
        [.. Enumerable.Range(0, Parts).Select(_ => new Dictionary<NodeId, HeldValue>())];

    // What is held once the batch under way is committed.
    private readonly StoreAccounts _accounts = new(quota);
    private KeyStoreUsage _usage;
    private StoreTurnover _turnover;

    public StoreTurnover Turnover
    {
        get
        {
            lock (_gate)
            {
                return _turnover;
            }
        }
    }

    public IReadOnlyList<SourceChanges> GetTopChanges(int count)
    {
        lock (_gate)
        {
            return _accounts.Changes.Top(count);
        }
    }

    public StoredValue? Get(NodeId key, DateTimeOffset now)
    {
        lock (_gate)
        {
            return PartOf(key).TryGetValue(key, out var held) && !held.Value.IsExpired(now) ? held.Value : null;
        }
    }

    /// <summary>Whether a put is refused already by what is committed and under way.</summary>
    public StoreResult CheckPut(NodeId key, StoredValue value, PutKind kind)
    {
        lock (_gate)
        {
            var isHeld = PartOf(key).TryGetValue(key, out var held);
            return held.Slot == HeldValue.Leaving
                ? StoreRules.Check(value.Value)
                : StoreDecision.Make(key, isHeld ? held.Counted : null, value, kind, _accounts).Result;
        }
    }

    public KeyStoreUsage GetUsage()
    {
        lock (_gate)
        {
            return _usage;
        }
    }

    /// <summary>Has keys outside an area evicted first.</summary>
    public void SetArea(ResponsibleArea area)
    {
        lock (_gate)
        {
            _accounts.Area = area;
        }

        for (var isLeft = true; isLeft;)
        {
            lock (_gate)
            {
                isLeft = _accounts.Judge(JudgedTogether);
            }
        }
    }

    /// <summary>All that is held, copied a part at a time: what changes meanwhile is seen if its part comes later.</summary>
    public IEnumerable<KeyValuePair<NodeId, StoredValue>> Scan() => _parts.SelectMany(Copy);

    /// <summary>Decides on a put for the batch under way.</summary>
    /// <param name="key">The key.</param>
    /// <param name="before">What the batch has of it so far.</param>
    /// <param name="value">The value.</param>
    /// <param name="kind">Where it comes from.</param>
    public StoreDecision Decide(NodeId key, CountedValue? before, StoredValue value, PutKind kind)
    {
        lock (_gate)
        {
            var decision = StoreDecision.Make(key, before, value, kind, _accounts);
            if (decision.IsChange)
            {
                _accounts.Changes.Count(value.Source, value.StoredAt);
            }

            return decision;
        }
    }

    /// <summary>Counts what a key comes to by the batch under way, and returns how it is counted from now on.</summary>
    public CountedValue? Count(NodeId key, CountedValue? before, StoredValue? after)
    {
        lock (_gate)
        {
            var slot = HeldValue.Leaving;
            if (after is not null)
            {
                slot = before is { } old ? _accounts.Replace(key, old, after) : _accounts.Add(key, after);
            }
            else if (before is { } gone)
            {
                _accounts.Remove(gone);
            }

            Point(key, slot);
            return after is null ? null : new CountedValue(after, slot);
        }
    }

    /// <summary>
    /// Counts a key again as it is committed, as the batch that changed it failed. What was to go is the oldest of its source
    /// again, the last that is counted before the others; what was stored or renewed is the newest.
    /// </summary>
    public void Uncount(NodeId key, CountedValue? planned)
    {
        lock (_gate)
        {
            if (planned is { } counted)
            {
                _accounts.Remove(counted);
            }

            if (PartOf(key).TryGetValue(key, out var held))
            {
                Point(key, planned is null ? _accounts.AddOldest(key, held.Value) : _accounts.Add(key, held.Value));
            }
        }
    }

    /// <summary>
    /// Makes the changes of a batch at once. They use <see cref="Set"/>, <see cref="Move"/>, <see cref="Remove"/> and
    /// <see cref="Note"/>.
    /// </summary>
    public void Change(Action changes)
    {
        lock (_gate)
        {
            changes();
        }
    }

    /// <summary>What is held of a key, alive or not; for the writer.</summary>
    public bool TryFind(NodeId key, out HeldValue held) => PartOf(key).TryGetValue(key, out held);

    /// <summary>What is held whose record is in the segment at a place; for the writer. Looks at every key.</summary>
    public IReadOnlyList<KeyValuePair<NodeId, StoredValue>> FindAt(int place) =>
    [
        .. from part in _parts
           from entry in part
           where entry.Value.Place == place
           select KeyValuePair.Create(entry.Key, entry.Value.Value),
    ];

    /// <summary>Holds a value of the file while that is read, from the newest to the oldest.</summary>
    public void Load(NodeId key, StoredValue value, int place) =>
        Set(key, new CountedValue(value, _accounts.AddOldest(key, value)), place);

    /// <summary>Holds a value whose record is in the segment at <paramref name="place"/>; null if it stays where it is.</summary>
    public void Set(NodeId key, CountedValue counted, int? place)
    {
        ref var held = ref CollectionsMarshal.GetValueRefOrAddDefault(PartOf(key), key, out var exists);
        Tally(exists ? held.Value : null, counted.Value);
        held = new HeldValue(counted.Value, place ?? held.Place, counted.Slot);
    }

    /// <summary>Notes that the record of a key that is held has moved.</summary>
    public void Move(NodeId key, int place)
    {
        ref var held = ref CollectionsMarshal.GetValueRefOrNullRef(PartOf(key), key);
        held = held with { Place = place };
    }

    /// <summary>Forgets a key.</summary>
    public void Remove(NodeId key)
    {
        if (PartOf(key).Remove(key, out var held))
        {
            Tally(held.Value, null);
        }
    }

    /// <summary>Notes what a batch did to values that were held.</summary>
    public void Note(StoreTurnover turnover) => _turnover = _turnover.Add(turnover);

    private void Tally(StoredValue? before, StoredValue? after) => _usage = _usage with
    {
        Keys = _usage.Keys + (after is null ? 0 : 1) - (before is null ? 0 : 1),
        Bytes = _usage.Bytes + (after?.Footprint ?? 0) - (before?.Footprint ?? 0),
    };

    // Readers ask the accounts about what is committed, so that has to say where they count it.
    private void Point(NodeId key, int slot)
    {
        ref var held = ref CollectionsMarshal.GetValueRefOrNullRef(PartOf(key), key);
        if (!System.Runtime.CompilerServices.Unsafe.IsNullRef(ref held))
        {
            held = held with { Slot = slot };
        }
    }

    private Dictionary<NodeId, HeldValue> PartOf(NodeId key) => _parts[(uint)key.GetHashCode() % Parts];

    private KeyValuePair<NodeId, StoredValue>[] Copy(Dictionary<NodeId, HeldValue> part)
    {
        lock (_gate)
        {
            var copy = new KeyValuePair<NodeId, StoredValue>[part.Count];
            var count = 0;
            foreach (var (key, held) in part)
            {
                copy[count++] = new(key, held.Value);
            }

            return copy;
        }
    }
}

/// <summary>A value and where in the file it is.</summary>
/// <param name="Value">The value.</param>
/// <param name="Place">Slot of the segment that has its record.</param>
/// <param name="Slot">Where the accounts count the key as the batch under way leaves it; <see cref="Leaving"/> if that removes it.</param>
internal readonly record struct HeldValue(StoredValue Value, int Place, int Slot)
{
    /// <summary>The slot of a key that the batch under way removes.</summary>
    public const int Leaving = -2;

    /// <summary>The value as the accounts know it.</summary>
    public CountedValue Counted => new(Value, Slot);
}
