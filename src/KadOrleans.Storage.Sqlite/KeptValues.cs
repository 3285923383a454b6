namespace KadOrleans.Storage.Sqlite;

// What the node holds: an index of all keys, a cache of some values, and for the writer the batch that it decides. What is read
// here is committed. Many threads read; only the writer changes the index, so it alone may also read that without the lock.
internal sealed class KeptValues : IShardValues, IDisposable
{
    // Values judged or networks ranked at a time, and slots copied: readers wait meanwhile.
    private const int ReclassifiedAtOnce = 4096;
    private const int CopiedAtOnce = 512;

    private readonly BoundedCache<StoredValue> _cache;
    private readonly SegmentTable _segments;

    // Of the writer alone, for values that are not in the cache.
    private readonly SqliteConnection _connection;
    private SegmentRows? _rows;

    // Odd while the file may have a commit that is not applied here.
    private int _commits;

    public KeptValues(StoreQuota quota, long cacheBytes, SegmentTable segments, SqliteConnection connection)
    {
        _cache = new BoundedCache<StoredValue>(cacheBytes, CachedValue.SizeOf);
        (_segments, _connection) = (segments, connection);
        Shard = new KeyShard(quota, this);
        Plan = new KeyShardPlan(Shard) { KeepsSendings = true };
    }

    /// <summary>Guards <see cref="Shard"/>, the cache, and the segments that keys refer to.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The keys. The place of each is a <see cref="RecordPlace"/>.</summary>
    public KeyShard Shard { get; }

    /// <summary>The changes of the batch under way. Readers see nothing of them before they are applied. Only the writer uses it.</summary>
    public KeyShardPlan Plan { get; }

    /// <summary>The numbers of the segments that the writer found damaged, until it has them repaired.</summary>
    public List<long> Damaged { get; } = [];

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

    public T Ask<T>(Func<KeyShard, T> question)
    {
        lock (Gate)
        {
            return question(Shard);
        }
    }

    /// <summary>The networks that hold most. Reads and writes go on in between.</summary>
    public SourceRanking GetSources(int count)
    {
        var survey = new SourceSurvey(Shard.Accounts, count);
        SourceRanking? ranking;
        do
        {
            ranking = Ask(_ => survey.Run(ReclassifiedAtOnce));
        }
        while (ranking is null);
        return ranking;
    }

    // Finds the value of a key in memory; null if there is none, or if it has expired. Returns false if it has to be read at the
    // address.
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

    /// <summary>Records a value that was read. Returns it with the time of the last STORE, which the file need not have.</summary>
    public StoredValue Offer(in HeldKey held, RecordAddress address, StoredValue value, bool keeps)
    {
        lock (Gate)
        {
            // Places are used again, numbers of segments are not.
            value = value.StoredAt < held.StoredAt ? value with { StoredAt = held.StoredAt } : value;
            if (keeps && Shard.TryGetAt(held.Slot, out var now) && now == held && AddressOf(now) == address)
            {
                _cache.Offer(held.Key, value);
            }

            return value;
        }
    }

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
    public StoreResult? FindRefusal(NodeId key, StoredValue value, PutTerms terms) => Ask(shard => shard.FindRefusal(key, value, terms));

    public KeyStoreUsage GetUsage() => Ask(static shard => new KeyStoreUsage(shard.Count, shard.Bytes) { Kept = shard.Accounts.KeptKeys });

    public void SetArea(ResponsibleArea area)
    {
        for (var isLeft = Ask(shard => shard.SetArea(area, ReclassifiedAtOnce)); isLeft;)
        {
            isLeft = Ask(static shard => shard.Accounts.Reclassify(ReclassifiedAtOnce));
        }
    }

    public void SetQuota(StoreQuota quota)
    {
        lock (Gate)
        {
            Shard.Accounts.Use(quota);
        }
    }

    /// <summary>Those keys that are wanted, looked at some at a time: what changes meanwhile is seen if its turn comes later.</summary>
    public IEnumerable<HeldKey> Scan(Func<HeldKey, bool> isWanted)
    {
        var keys = new List<HeldKey>();
        var (slot, slots) = (0, 0);
        do
        {
            keys.Clear();
            lock (Gate)
            {
                slots = Shard.Slots;
                for (var end = Math.Min(slot + CopiedAtOnce, slots); slot < end; slot++)
                {
                    if (Shard.TryGetAt(slot, out var held))
                    {
                        keys.Add(held);
                    }
                }
            }

            foreach (var held in keys.Where(isWanted))
            {
                yield return held;
            }
        }
        while (slot < slots);
    }

    /// <summary>What the cache has of a key; for the writer, under the lock.</summary>
    public StoredValue? Peek(in HeldKey key) => _cache.TryGet(key.Key, out var value) ? value : null;

    /// <summary>The value of a key that is held, for the writer, without the lock. Null if it is damaged.</summary>
    public StoredValue? Read(in HeldKey key)
    {
        lock (Gate)
        {
            if (Peek(key) is { } cached)
            {
                return cached;
            }
        }

        // A commit cannot move the record meanwhile, as this is the thread that commits.
        var address = AddressOf(key);
        _rows ??= new SegmentRows(_connection);
        if (_rows.TryRead(address, key.Key, out var read) == ReadResult.Read)
        {
            return Offer(key, address, read!, keeps: true);
        }

        Damaged.Add(address.Number);
        return null;
    }

    public void Dispose() => _rows?.Dispose();

    void IShardValues.Hold(in HeldKey key, StoredValue value) => _cache.Put(key.Key, value);

    void IShardValues.Forget(in HeldKey key) => _cache.Remove(key.Key);
}
