using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Shards;

/// <summary>
/// The values of a shard that are in memory. Those of the log are here, as no page has them yet. The silo's cache has some of all. This is
/// their owner there, so a later image of the shard does not take them for its own.
/// </summary>
internal sealed class KnownValues(ValueCache cache) : IShardValues
{
    // Values by the log's records; null for removed keys. First those that a running compaction does not move into pages.
    private Dictionary<NodeId, StoredValue?> _recent = [];
    private Dictionary<NodeId, StoredValue?> _compacting = [];

    // Values that the current decision needs, whatever the cache does.
    private readonly Dictionary<NodeId, StoredValue> _pinned = [];

    private volatile bool _isOpen;

    public bool IsOpen
    {
        get => _isOpen;
        set => _isOpen = value;
    }

    /// <summary>The changes by the log, but for those that <see cref="BeginCompaction"/> set aside.</summary>
    public IReadOnlyDictionary<NodeId, StoredValue?> Recent => _recent;

    public void Note(NodeId key, StoredValue? value)
    {
        _recent[key] = value;
        if (value is null)
        {
            cache.Remove(key);
        }
        else
        {
            cache.Put(this, key, value);
        }
    }

    /// <summary>Returns the changes by the log, which go into pages, and begins to gather later ones.</summary>
    public IReadOnlyDictionary<NodeId, StoredValue?> BeginCompaction()
    {
        // Those of a compaction that failed.
        foreach (var (key, value) in _compacting)
        {
            _recent.TryAdd(key, value);
        }

        (_compacting, _recent) = (_recent, []);
        return _compacting;
    }

    /// <summary>Notes that pages have what was set aside. The cache still has those that it had room for.</summary>
    public void EndCompaction() => _compacting = [];

    public void Keep(NodeId key, StoredValue value) => cache.Put(this, key, value);

    public void Offer(NodeId key, StoredValue value) => cache.Offer(this, key, value);

    public bool HasRoomFor(NodeId key) => cache.HasRoomFor(key);

    public void Pin(NodeId key, StoredValue value) => _pinned[key] = value;

    public void Unpin() => _pinned.Clear();

    /// <summary>Reads a value from memory. A decision pins the values that it needs.</summary>
    /// <exception cref="InvalidOperationException">The value is in a page alone.</exception>
    public StoredValue? Read(in HeldKey key) =>
        Peek(key) ?? throw new InvalidOperationException($"The value of {key.Key} has to be read from its page first.");

    public StoredValue? Peek(in HeldKey key) => ValuePlace.Of(key).Page == ValuePlace.Log
        ? _recent.TryGetValue(key.Key, out var value) ? value : _compacting.GetValueOrDefault(key.Key)
        : _pinned.TryGetValue(key.Key, out var pinned) ? pinned
        : cache.TryGet(this, key.Key, out var kept) ? kept
        : null;

    public void Hold(in HeldKey key, StoredValue value)
    {
        _pinned.Remove(key.Key);
        if (ValuePlace.Of(key).Page == ValuePlace.Log)
        {
            var changes = _recent.ContainsKey(key.Key) || !_compacting.ContainsKey(key.Key) ? _recent : _compacting;
            if (changes.TryGetValue(key.Key, out var noted) && ReferenceEquals(noted, value))
            {
                // As it was written.
                return;
            }

            changes[key.Key] = value;
        }

        cache.Put(this, key.Key, value);
    }

    public void Forget(in HeldKey key)
    {
        _pinned.Remove(key.Key);
        cache.Remove(key.Key);
    }
}
