using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;
using KadOrleans.Storage.Sqlite.Segments;

namespace KadOrleans.Storage.Sqlite.Reading;

/// <summary>
/// What memory has of the file: an index of all keys, and a cache of some values. What is read here is committed. Many threads read; only
/// the writer changes the index, so it alone may also read that without the lock.
/// </summary>
internal sealed class ValueMemory : IShardValues
{
    // Values judged again or networks ranked, and slots copied, at a time; readers wait meanwhile.
    private const int Together = 4096;
    private const int Copied = 512;

    private readonly BoundedCache<StoredValue> _cache;
    private readonly SegmentTable _segments;

    // Odd while the file may have a commit that is not applied here.
    private int _commits;

    /// <summary>An empty memory.</summary>
    /// <param name="quota">How much is taken.</param>
    /// <param name="cacheBytes">Bytes of values that are kept.</param>
    /// <param name="segments">The segments of the file.</param>
    public ValueMemory(StoreQuota quota, long cacheBytes, SegmentTable segments)
    {
        _cache = new BoundedCache<StoredValue>(cacheBytes, CachedValue.SizeOf);
        _segments = segments;
        Shard = new KeyShard(quota, this);
    }

    /// <summary>Guards <see cref="Shard"/>, the cache, and the segments that keys refer to.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The keys. The place of each is a <see cref="RecordPlace"/>.</summary>
    public KeyShard Shard { get; }

    /// <summary>Reads what is not in the cache, for the writer; null if it is damaged.</summary>
    public Func<HeldKey, StoredValue?> ReadForWriter { get; set; } = static _ => null;

    /// <summary>Called by the writer before a commit.</summary>
    public void BeginCommit() => Interlocked.Increment(ref _commits);

    /// <summary>Called by the writer when the commit, if one was begun, is applied here or was given up.</summary>
    public void EndCommit()
    {
        if (int.IsOddInteger(_commits))
        {
            Interlocked.Increment(ref _commits);
        }
    }

    /// <summary>Waits until what the file has now is applied here.</summary>
    public void AwaitCommit()
    {
        var commits = Volatile.Read(ref _commits);
        if (int.IsOddInteger(commits))
        {
            SpinWait.SpinUntil(() => Volatile.Read(ref _commits) != commits);
        }
    }

    public StoreTurnover Turnover
    {
        get
        {
            lock (Gate)
            {
                return Shard.Turnover;
            }
        }
    }

    public IReadOnlyList<SourceChanges> GetTopChanges(int count)
    {
        lock (Gate)
        {
            return Shard.GetTopChanges(count);
        }
    }

    /// <summary>The networks that hold most. Reads and writes go on in between.</summary>
    public SourceRanking GetSources(int count)
    {
        var survey = Shard.SurveySources(count);
        while (true)
        {
            lock (Gate)
            {
                if (survey.Run(Together) is { } ranking)
                {
                    return ranking;
                }
            }
        }
    }

    /// <summary>Looks for the value of a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="now">The present time: an expired value counts as missing.</param>
    /// <param name="value">The value, or null if there is none.</param>
    /// <param name="held">The key whose value has to be read, if the result is false.</param>
    /// <param name="address">Where that is.</param>
    /// <returns>Whether that is known without reading.</returns>
    public bool TryGet(NodeId key, DateTimeOffset now, out StoredValue? value, out HeldKey held, out RecordAddress address)
    {
        lock (Gate)
        {
            (held, address) = (default, default);
            if (_cache.TryGet(key, out value))
            {
                value = value.IsExpired(now) ? null : value;
                return true;
            }

            if (!Shard.TryFind(key, out held) || held.IsExpired(now))
            {
                return true;
            }

            address = AddressOf(held);
            return false;
        }
    }

    /// <summary>Takes note of a value that was read.</summary>
    /// <param name="held">Its key, as it was found before.</param>
    /// <param name="address">Where it was. Places are used again, numbers of segments are not.</param>
    /// <param name="value">What was read there.</param>
    /// <param name="keeps">Whether the value is worth keeping.</param>
    /// <returns>The value with the time of the last STORE, which the file need not have.</returns>
    public StoredValue Offer(in HeldKey held, RecordAddress address, StoredValue value, bool keeps)
    {
        lock (Gate)
        {
            value = value.StoredAt < held.StoredAt ? value with { StoredAt = held.StoredAt } : value;
            if (keeps && Shard.TryGetAt(held.Slot, out var now) && now == held && AddressOf(now) == address)
            {
                _cache.Offer(held.Key, value);
            }

            return value;
        }
    }

    /// <summary>Whether the record of a key is where it was.</summary>
    public bool IsStill(in HeldKey held, RecordAddress address)
    {
        lock (Gate)
        {
            return Shard.TryGetAt(held.Slot, out var now) && now.Key == held.Key && AddressOf(now) == address;
        }
    }

    /// <summary>Where the record of a key is; for the writer, or under the lock.</summary>
    public RecordAddress AddressOf(in HeldKey held)
    {
        var place = RecordPlace.From(held.Place);
        return new RecordAddress(_segments[place.Slot].Number, place.Offset, place.Length);
    }

    /// <summary>Why what is committed and under way refuses a put already; null if it does not.</summary>
    public StoreResult? FindRefusal(NodeId key, StoredValue value, PutKind kind)
    {
        lock (Gate)
        {
            return Shard.FindRefusal(key, value, kind);
        }
    }

    public KeyStoreUsage GetUsage()
    {
        lock (Gate)
        {
            return new KeyStoreUsage(Shard.Count, Shard.Bytes);
        }
    }

    /// <summary>Has keys outside an area evicted first.</summary>
    public void SetArea(ResponsibleArea area)
    {
        bool isLeft;
        lock (Gate)
        {
            isLeft = Shard.SetArea(area, Together);
        }

        while (isLeft)
        {
            lock (Gate)
            {
                isLeft = Shard.Judge(Together);
            }
        }
    }

    /// <summary>Counts against another quota from now on.</summary>
    public void SetQuota(StoreQuota quota)
    {
        lock (Gate)
        {
            Shard.Use(quota);
        }
    }

    /// <summary>Those keys that are wanted, looked at some at a time: what changes meanwhile is seen if its turn comes later.</summary>
    public IEnumerable<HeldKey> Scan(Func<HeldKey, bool> isWanted)
    {
        var keys = new List<HeldKey>();
        for (var slot = 0; TryCopy(slot, keys); slot += Copied)
        {
            foreach (var held in keys.Where(isWanted))
            {
                yield return held;
            }
        }
    }

    // False if there are no such slots.
    private bool TryCopy(int first, List<HeldKey> keys)
    {
        keys.Clear();
        lock (Gate)
        {
            for (var slot = first; slot < Math.Min(first + Copied, Shard.Slots); slot++)
            {
                if (Shard.TryGetAt(slot, out var held))
                {
                    keys.Add(held);
                }
            }

            return first < Shard.Slots;
        }
    }

    // The writer calls these: Read without the lock, the others with it.
    StoredValue? IShardValues.Read(in HeldKey key)
    {
        StoredValue? known;
        lock (Gate)
        {
            known = _cache.TryGet(key.Key, out var cached) ? cached : null;
        }

        return known ?? (ReadForWriter(key) is { } read ? Offer(key, AddressOf(key), read, keeps: true) : null);
    }

    StoredValue? IShardValues.Peek(in HeldKey key) => _cache.TryGet(key.Key, out var value) ? value : null;

    void IShardValues.Hold(in HeldKey key, StoredValue value) => _cache.Put(key.Key, value);

    void IShardValues.Forget(in HeldKey key) => _cache.Remove(key.Key);
}
