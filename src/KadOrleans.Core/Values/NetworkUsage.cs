namespace KadOrleans.Core.Values;

internal abstract class NetworkUsage(SourceNetwork network)
{
    public SourceNetwork Network { get; } = network;

    /// <summary>Those that are not evicted included.</summary>
    public int Keys { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Evictable keys for which the node is not responsible.</summary>
    public int FarKeys { get; private set; }

    public int NearKeys { get; private set; }

    public long NearBytes { get; private set; }

    public long Weight { get; private set; }

    /// <summary>Index in the heap, or -1.</summary>
    public int Place { get; set; } = -1;

    public void Count(int sign, int footprint, UsageScale scale)
    {
        Keys += sign;
        Bytes += sign * footprint;
        Weigh(scale);
    }

    /// <summary>Its place in a heap has to be updated.</summary>
    public void Weigh(UsageScale scale) => Weight = scale.Weigh(Keys, Bytes);

    public void CountEvictable(int sign, int footprint, bool isFar)
    {
        FarKeys += isFar ? sign : 0;
        NearKeys += isFar ? 0 : sign;
        NearBytes += isFar ? 0 : sign * footprint;
    }

    /// <summary>Whether this loses a value before another: one with far values first, then the heavier one.</summary>
    public bool IsBefore(NetworkUsage other) =>
        FarKeys > 0 != other.FarKeys > 0 ? FarKeys > 0
        : Weight != other.Weight ? Weight > other.Weight
        : Network.High != other.Network.High ? Network.High < other.Network.High
        : Network.Low < other.Network.Low;
}

internal sealed class SubnetUsage(SourceNetwork network) : NetworkUsage(network)
{
    public UsageHeap<SourceUsage> Sources { get; } = new();
}

/// <summary>One source and its evictable values, near and far ones each in the order in which they came.</summary>
internal sealed class SourceUsage(SourceNetwork network, SubnetUsage subnet, int number) : NetworkUsage(network)
{
    private (int Oldest, int Newest) _near = (KeyIndex.None, KeyIndex.None);
    private (int Oldest, int Newest) _far = (KeyIndex.None, KeyIndex.None);

    public SubnetUsage Subnet { get; } = subnet;

    public int Number { get; } = number;

    /// <summary>The slot that is evicted first.</summary>
    public int First => _far.Oldest != KeyIndex.None ? _far.Oldest : _near.Oldest;

    public int OldestOf(bool isFar) => ListOf(isFar).Oldest;

    private ref (int Oldest, int Newest) ListOf(bool isFar) => ref isFar ? ref _far : ref _near;

    public void Link(KeyIndex slots, int slot, bool isOldest)
    {
        ref var entry = ref slots[slot];
        ref var list = ref ListOf(entry.IsFar);
        (entry.Older, entry.Newer) = isOldest ? (KeyIndex.None, list.Oldest) : (list.Newest, KeyIndex.None);
        Connect(slots, slot, isLinked: true);
    }

    // Takes a slot out of its list, or puts it back where it was: the latest that was taken out comes first.
    public void Connect(KeyIndex slots, int slot, bool isLinked)
    {
        ref var entry = ref slots[slot];
        ref var list = ref ListOf(entry.IsFar);
        (entry.Older == KeyIndex.None ? ref list.Oldest : ref slots[entry.Older].Newer) = isLinked ? slot : entry.Newer;
        (entry.Newer == KeyIndex.None ? ref list.Newest : ref slots[entry.Newer].Older) = isLinked ? slot : entry.Older;
    }
}

/// <summary>Makes keys and bytes comparable: the larger share of both, in bytes.</summary>
internal readonly record struct UsageScale
{
    private readonly long _bytesPerKey;

    public UsageScale(StoreQuota quota) => _bytesPerKey = quota.TotalKeys == 0 ? 0 : quota.TotalBytes / quota.TotalKeys;

    public long Weigh(int keys, long bytes) => Math.Max(keys * _bytesPerKey, bytes);
}

/// <summary>Networks that have values to evict; the next one to lose a value is on top. Changes take O(log n).</summary>
internal sealed class UsageHeap<T>
    where T : NetworkUsage
{
    // Most subnets have one source.
    private T[] _items = [];
    private int _count;

    public T? Top => _count == 0 ? null : _items[0];

    public void Update(T item)
    {
        if (item.FarKeys + item.NearKeys == 0)
        {
            Remove(item);
            return;
        }

        if (item.Place < 0)
        {
            if (_count == _items.Length)
            {
                Array.Resize(ref _items, Math.Max(1, _count * 2));
            }

            Set(_count++, item);
        }

        Sift(item);
    }

    private void Remove(T item)
    {
        if (item.Place < 0)
        {
            return;
        }

        var last = _items[--_count];
        _items[_count] = null!;
        if (last != item)
        {
            Set(item.Place, last);
            Sift(last);
        }

        item.Place = -1;
    }

    private void Sift(T item)
    {
        while (item.Place > 0 && item.IsBefore(_items[(item.Place - 1) / 2]))
        {
            Swap(item.Place, (item.Place - 1) / 2);
        }

        while (FirstChild(item.Place) is { } child && _items[child].IsBefore(item))
        {
            Swap(item.Place, child);
        }
    }

    private int? FirstChild(int place)
    {
        var left = (2 * place) + 1;
        return left >= _count ? null
            : left + 1 < _count && _items[left + 1].IsBefore(_items[left]) ? left + 1
            : left;
    }

    private void Swap(int one, int other)
    {
        var item = _items[one];
        Set(one, _items[other]);
        Set(other, item);
    }

    private void Set(int place, T item)
    {
        _items[place] = item;
        item.Place = place;
    }
}
