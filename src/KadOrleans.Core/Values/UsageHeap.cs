namespace KadOrleans.Core.Values;

/// <summary>Networks that have values to evict; the one that loses the next is on top. Changes take O(log n).</summary>
internal sealed class UsageHeap<T>
    where T : NetworkUsage
{
    // Most subnets have one source.
    private T[] _items = [];
    private int _count;

    /// <summary>The network that loses a value first; null if none has any to lose.</summary>
    public T? Top => _count == 0 ? null : _items[0];

    /// <summary>Takes note of a usage that has changed.</summary>
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
