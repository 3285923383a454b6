using System.Diagnostics.CodeAnalysis;

namespace KadOrleans.Core.Values;

// A cache with a bound in bytes: S3-FIFO (Yang et al., SOSP 2023). A value that is asked for again, in the small queue or soon
// after it left, comes to the main queue: the cache is scan-resistant. Not thread-safe.
internal sealed class BoundedCache<T>(long maxBytes, Func<T, int> sizeOf)
    where T : notnull
{
    private const int None = -1;
    private const int SmallPart = 10;
    private const int MostUses = 3;
    private const int MostRemembered = 1 << 22;

    private readonly Dictionary<NodeId, int> _places = [];

    // Hashes of keys that left the small queue; each may be overwritten by another.
    private readonly int[] _left = new int[Math.Clamp(maxBytes / CachedValue.Overhead, 1, MostRemembered)];
    private Entry[] _entries = [];
    private int _free = None;
    private int _used;
    private Ends _small = Ends.Empty;
    private Ends _main = Ends.Empty;

    public long Bytes => _small.Bytes + _main.Bytes;

    public int Count => _places.Count;

    public bool TryGet(NodeId key, [MaybeNullWhen(false)] out T value)
    {
        if (!_places.TryGetValue(key, out var place))
        {
            value = default;
            return false;
        }

        ref var entry = ref _entries[place];
        if (entry.Uses < MostUses)
        {
            entry.Uses++;
        }

        value = entry.Value;
        return true;
    }

    public void Put(NodeId key, T value)
    {
        var size = sizeOf(value);
        if (_places.TryGetValue(key, out var place))
        {
            if (sizeOf(_entries[place].Value) == size)
            {
                _entries[place].Value = value;
                return;
            }

            Remove(key);
        }

        if (size > maxBytes)
        {
            return;
        }

        while (Bytes + size > maxBytes)
        {
            Evict();
        }

        var hash = key.GetHashCode();
        place = Allocate();
        _entries[place] = new Entry { Key = key, Value = value, IsMain = _left[PlaceOf(hash)] == hash };
        _places.Add(key, place);
        Link(place);
    }

    // Takes a value if there is room or its key was seen lately: a sweep over many keys does not evict the working set.
    public void Offer(NodeId key, T value)
    {
        var hash = key.GetHashCode();
        ref var left = ref _left[PlaceOf(hash)];
        if (left == hash || Bytes + sizeOf(value) <= maxBytes || _places.ContainsKey(key))
        {
            Put(key, value);
        }
        else
        {
            left = hash;
        }
    }

    public void Remove(NodeId key)
    {
        if (_places.Remove(key, out var place))
        {
            Unlink(place);
            Free(place);
        }
    }

    // By the first bits. Caches that share their keys out by the last ones would otherwise use every sixteenth place alone.
    private int PlaceOf(int hash) => (int)(((ulong)(uint)hash * (uint)_left.Length) >> 32);

    // It ends: each step evicts a value, moves one to the main queue, or takes one of its uses.
    private void Evict()
    {
        var isSmall = _main.Oldest == None || (_small.Oldest != None && _small.Bytes > maxBytes / SmallPart);
        var place = isSmall ? _small.Oldest : _main.Oldest;
        Unlink(place);
        ref var entry = ref _entries[place];
        if (entry.Uses > 0)
        {
            entry.Uses = (byte)(isSmall ? 0 : entry.Uses - 1);
            entry.IsMain = true;
            Link(place);
            return;
        }

        if (isSmall)
        {
            var hash = entry.Key.GetHashCode();
            _left[PlaceOf(hash)] = hash;
        }

        _places.Remove(entry.Key);
        Free(place);
    }

    private int Allocate()
    {
        if (_free != None)
        {
            var place = _free;
            _free = _entries[place].Newer;
            return place;
        }

        if (_used == _entries.Length)
        {
            Array.Resize(ref _entries, Math.Max(16, 2 * _used));
        }

        return _used++;
    }

    private void Free(int place)
    {
        _entries[place] = new Entry { Newer = _free };
        _free = place;
    }

    private ref Ends EndsOf(in Entry entry) => ref entry.IsMain ? ref _main : ref _small;

    private void Link(int place)
    {
        ref var entry = ref _entries[place];
        ref var ends = ref EndsOf(entry);
        (entry.Older, entry.Newer) = (ends.Newest, None);
        (ends.Newest == None ? ref ends.Oldest : ref _entries[ends.Newest].Newer) = place;
        ends.Newest = place;
        ends.Bytes += sizeOf(entry.Value);
    }

    private void Unlink(int place)
    {
        ref var entry = ref _entries[place];
        ref var ends = ref EndsOf(entry);
        (entry.Older == None ? ref ends.Oldest : ref _entries[entry.Older].Newer) = entry.Newer;
        (entry.Newer == None ? ref ends.Newest : ref _entries[entry.Newer].Older) = entry.Older;
        ends.Bytes -= sizeOf(entry.Value);
    }

    private struct Entry
    {
        public NodeId Key;
        public T Value;
        public int Older;
        public int Newer;
        public byte Uses;
        public bool IsMain;
    }

    private struct Ends
    {
        public static Ends Empty => new() { Oldest = None, Newest = None };

        public int Oldest;
        public int Newest;
        public long Bytes;
    }
}

internal static class CachedValue
{
    /// <summary>The record, its array and the cache's entry, in bytes on a 64-bit machine, rounded up.</summary>
    public const int Overhead = 256;

    public static int SizeOf(StoredValue value) => Overhead + value.Value.ContentLength;
}
