using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace KadOrleans.Shards;

// What the shards of a silo share: a cache of their values with one bound, and limits for operations that take much memory. Safe
// for several threads.
internal sealed class ValueCache
{
    /// <summary>The most pages that are read at once. A page has 64 KiB, or a single entry.</summary>
    private const int MaxPageReads = 64;

    /// <summary>The most compactions at once, each of which holds some megabytes.</summary>
    public const int MaxCompactions = 4;

    // The most activations that load at once. Without a bound all shards load together after a start, and none is ready before the
    // last one. So many keep remote storage busy.
    public const int MaxLoads = 8;

    // With so many locks, shards on different threads rarely wait for each other.
    private const int MaxParts = 16;

    // A part needs room for many values of the largest size.
    private const long LeastPart = 1 << 20;

    /// <summary>The most bytes of puts that wait in all shards of a silo, so that it lives on while its storage hangs.</summary>
    public const long MaxWaitingBytes = 128L << 20;

    private readonly Part[] _parts;

    public ValueCache(long maxBytes)
    {
        var count = (int)Math.Clamp(maxBytes / LeastPart, 1, MaxParts);
        _parts = [.. Enumerable.Range(0, count).Select(_ => new Part(maxBytes / count))];
    }

    public ConcurrencyLimit PageReads { get; } = new(MaxPageReads, mostWaiting: 16_384);

    /// <summary>What the puts take that no shard has answered yet.</summary>
    public ByteBudget Waiting { get; } = new(MaxWaitingBytes);

    public ConcurrencyLimit Compactions { get; } = new(MaxCompactions);

    public ConcurrencyLimit Loads { get; } = new(MaxLoads);

    public ConcurrentDictionary<ShardEngine, byte> Active { get; } = new();

    public long Bytes => _parts.Sum(part => part.Bytes);

    public bool TryGet(CacheOwner owner, NodeId key, [MaybeNullWhen(false)] out StoredValue value)
    {
        var kept = Find(key);
        value = kept.Owner == owner ? kept.Value : null;
        return value is not null;
    }

    // The value of a key, alive or not, as its shard would answer now. False if the shard has to be asked. Any thread may call
    // it, as a change is in the cache before it is acknowledged.
    public bool TryGetOpen(NodeId key, [MaybeNullWhen(false)] out StoredValue value)
    {
        var kept = Find(key);
        value = kept.Owner is { IsOpen: true } ? kept.Value : null;
        return value is not null;
    }

    public void Put(CacheOwner owner, NodeId key, StoredValue value)
    {
        var part = PartOf(key);
        lock (part)
        {
            part.Values.Put(key, new OwnedValue(owner, value));
        }
    }

    /// <summary>Keeps a value that is likely not needed soon, if no other has to leave for it.</summary>
    public void Offer(CacheOwner owner, NodeId key, StoredValue value)
    {
        var part = PartOf(key);
        lock (part)
        {
            if (part.HasRoom && !(part.Values.TryGet(key, out var kept) && kept.Owner == owner))
            {
                part.Values.Put(key, new OwnedValue(owner, value));
            }
        }
    }

    public bool HasRoomFor(NodeId key)
    {
        var part = PartOf(key);
        lock (part)
        {
            return part.HasRoom;
        }
    }

    public void Remove(NodeId key)
    {
        var part = PartOf(key);
        lock (part)
        {
            part.Values.Remove(key);
        }
    }

    private OwnedValue Find(NodeId key)
    {
        var part = PartOf(key);
        lock (part)
        {
            return part.Values.TryGet(key, out var kept) ? kept : default;
        }
    }

    private Part PartOf(NodeId key) => _parts[(uint)key.GetHashCode() % (uint)_parts.Length];

    /// <summary>A value with the image of the shard that it belongs to. Another image may have another value of the key.</summary>
    private readonly record struct OwnedValue(CacheOwner Owner, StoredValue Value);

    /// <summary>A part of the cache, which is its own lock: that guards all in it.</summary>
    private sealed class Part(long maxBytes)
    {
        public BoundedCache<OwnedValue> Values { get; } = new(maxBytes, kept => CachedValue.SizeOf(kept.Value));

        public long Bytes => Values.Bytes;

        public bool HasRoom => Values.Bytes < maxBytes * 9 / 10;
    }
}

// Identifies the image of a shard that put values into the cache, so that a later image does not use them. It is an object of its
// own, as the cache may hold it after the shard has ended.
internal sealed class CacheOwner
{
    public volatile bool IsOpen;
}
