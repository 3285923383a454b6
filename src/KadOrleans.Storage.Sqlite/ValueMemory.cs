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

    // Guards _parts and Accounts.
    private readonly Lock _gate = new();
    private readonly Dictionary<NodeId, HeldValue>[] _parts =
        [.. Enumerable.Range(0, Parts).Select(_ => new Dictionary<NodeId, HeldValue>())];

    /// <summary>What is held, for the writer.</summary>
    public StoreAccounts Accounts { get; } = new(quota);

    public StoredValue? Get(NodeId key, DateTimeOffset now)
    {
        lock (_gate)
        {
            return PartOf(key).TryGetValue(key, out var held) && !held.Value.IsExpired(now) ? held.Value : null;
        }
    }

    /// <summary>Whether a put is refused already by what is committed.</summary>
    public StoreResult CheckPut(NodeId key, StoredValue value, PutKind kind)
    {
        lock (_gate)
        {
            return StoreDecision.Make(PartOf(key).GetValueOrDefault(key).Value, value, kind, Accounts).Result;
        }
    }

    public KeyStoreUsage GetUsage()
    {
        lock (_gate)
        {
            return new KeyStoreUsage(Accounts.Keys, Accounts.Bytes);
        }
    }

    /// <summary>All that is held, copied a part at a time: what changes meanwhile is seen if its part comes later.</summary>
    public IEnumerable<KeyValuePair<NodeId, StoredValue>> Scan() => _parts.SelectMany(Copy);

    /// <summary>Makes the changes of a batch at once. They use <see cref="Set"/>, <see cref="Move"/> and <see cref="Remove"/>.</summary>
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

    /// <summary>Holds a value whose record is in the segment at <paramref name="place"/>; null if it stays where it is.</summary>
    public void Set(NodeId key, StoredValue value, int? place)
    {
        ref var held = ref CollectionsMarshal.GetValueRefOrAddDefault(PartOf(key), key, out var exists);
        if (exists)
        {
            Accounts.Remove(held.Value);
        }

        Accounts.Add(value);
        held = new HeldValue(value, place ?? held.Place);
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
            Accounts.Remove(held.Value);
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
