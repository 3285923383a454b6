using Microsoft.Data.Sqlite;

namespace KadOrleans.Storage.Sqlite;

/// <summary>
/// What the node holds: an index of all keys, a cache of some values, and for the writer the batch that it decides. What is read here is
/// committed. Many threads read; only the writer changes the index, so it alone may also read that without the lock.
/// </summary>
internal sealed class KeptValues : IShardValues, IDisposable
{
    // Values judged or networks ranked at a time, and slots copied: readers wait meanwhile.
    private const int JudgedAtOnce = 4096;
    private const int CopiedAtOnce = 512;

    private readonly BoundedCache<StoredValue> _cache;
    private readonly SegmentTable _segments;

    // Of the writer alone, for values that are not in the cache.
    private readonly SqliteConnection _connection;
    private SegmentReader? _reader;

    // Odd while the file may have a commit that is not applied here.
    private int _commits;

    public KeptValues(StoreQuota quota, long cacheBytes, SegmentTable segments, SqliteConnection connection)
    {
        _cache = new BoundedCache<StoredValue>(cacheBytes, CachedValue.SizeOf);
        (_segments, _connection) = (segments, connection);
        Shard = new KeyShard(quota, this);
        Batch = new KeptBatch(this);
    }

    /// <summary>Guards <see cref="Shard"/>, the cache, and the segments that keys refer to.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The keys. The place of each is a <see cref="RecordPlace"/>.</summary>
    public KeyShard Shard { get; }

    public KeptBatch Batch { get; }

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

    /// <summary>Asks the keys something that is quick.</summary>
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
            ranking = Ask(_ => survey.Run(JudgedAtOnce));
        }
        while (ranking is null);
        return ranking;
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
    public StoreResult? FindRefusal(NodeId key, StoredValue value, PutKind kind) => Ask(shard => shard.FindRefusal(key, value, kind));

    public KeyStoreUsage GetUsage() => Ask(static shard => new KeyStoreUsage(shard.Count, shard.Bytes));

    public void SetArea(ResponsibleArea area)
    {
        for (var isLeft = Ask(shard => shard.SetArea(area, JudgedAtOnce)); isLeft;)
        {
            isLeft = Ask(static shard => shard.Accounts.Judge(JudgedAtOnce));
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
        for (var slot = 0; TryCopy(slot, keys); slot += CopiedAtOnce)
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
            for (var slot = first; slot < Math.Min(first + CopiedAtOnce, Shard.Slots); slot++)
            {
                if (Shard.TryGetAt(slot, out var held))
                {
                    keys.Add(held);
                }
            }

            return first < Shard.Slots;
        }
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
        _reader ??= new SegmentReader(_connection);
        if (_reader.TryRead(address, key.Key, out var read) == ReadResult.Read)
        {
            return Offer(key, address, read!, keeps: true);
        }

        Damaged.Add(address.Number);
        return null;
    }

    public void Dispose() => _reader?.Dispose();

    void IShardValues.Hold(in HeldKey key, StoredValue value) => _cache.Put(key.Key, value);

    void IShardValues.Forget(in HeldKey key) => _cache.Remove(key.Key);
}

/// <summary>
/// What the node will hold once the batch under way is committed: each put is decided here, after all earlier ones. Readers see nothing of
/// it before <see cref="Apply"/>. Only the writer uses it, for one batch after another.
/// </summary>
internal sealed class KeptBatch(KeptValues values)
{
    private readonly KeyShardPlan _plan = new(values.Shard);

    public bool NeedsWrite => _plan.NeedsWrite;

    /// <summary>The changes, to be given the places where they are written.</summary>
    public Span<PlannedChange> Changes => _plan.Changes;

    public void Clear() => _plan.Clear();

    /// <summary>Puts a value, if the rules allow it after the changes planned so far.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="value">The value.</param>
    /// <param name="kind">Where it comes from.</param>
    /// <param name="isAtStake">Whether the result depends on the commit.</param>
    public StoreResult Put(NodeId key, StoredValue value, PutKind kind, out bool isAtStake)
    {
        // Read before the lock, which readers of other values wait for.
        var isPlanned = _plan.TryFindChange(key, out var change);
        var slot = isPlanned ? change.Slot : values.Shard.SlotOf(key);
        var before = isPlanned ? change.After : values.Shard.TryGetAt(slot, out var held) ? values.Read(held) : null;
        lock (values.Gate)
        {
            return _plan.Put(key, slot, before, value, kind, out isAtStake).Result;
        }
    }

    public bool RemoveExpired(NodeId key, DateTimeOffset now)
    {
        if (!(_plan.FindEnd(key) <= now))
        {
            return false;
        }

        lock (values.Gate)
        {
            _plan.Set(key, null);
        }

        return true;
    }

    /// <summary>Has the values of a damaged segment written again as far as the cache has them, and gives up others.</summary>
    /// <returns>How many are written again and how many are not.</returns>
    public (int Kept, int Lost) Rescue(Segment segment)
    {
        var (kept, lost) = (0, 0);
        foreach (var held in values.Scan(held => RecordPlace.From(held.Place).Slot == segment.Slot).ToList())
        {
            lock (values.Gate)
            {
                var isPlanned = _plan.TryFindChange(held.Key, out var change);
                var value = isPlanned ? change.After : values.Peek(held);
                _plan.Set(held.Key, value);
                (kept, lost) = isPlanned || value is not null ? (kept + 1, lost) : (kept, lost + 1);
            }
        }

        return (kept, lost);
    }

    public bool IsWritten(NodeId key) => _plan.TryFindChange(key, out var change) && change.Place is not null;

    /// <summary>Makes the changes, after the commit or if there is nothing to commit. The caller holds the lock.</summary>
    public void Apply()
    {
        _plan.Apply();
        values.Shard.AddTurnover(_plan.Turnover);
    }

    public void Abandon()
    {
        lock (values.Gate)
        {
            _plan.Abandon();
        }
    }
}
