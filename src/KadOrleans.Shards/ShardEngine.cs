using Microsoft.Extensions.Logging;

namespace KadOrleans.Shards;

// One activation of a shard: a log and pages in storage, an index of all keys in memory, and some values in the silo's cache.
// Reads never wait for writes. Not safe for several threads: its owner's calls interleave, but never run at once. Writes throw
// LogSealedException once the shard is being split.
internal sealed class ShardEngine
{
    public const int MaxKeys = 1024;

    private readonly ValueCache _cache;
    private readonly KademliaOptions _constants;
    private readonly TimeProvider _time;
    private readonly PageReader _reader;
    private readonly ShardWriter _writer;
    private readonly ShardTimes _times;
    private readonly Splitter? _split;

    // An activation, before ActivateAsync. The name is for log messages. Without halves it cannot be split. No other activation of
    // the shard may draw the same random numbers, by which each knows its records.
    public ShardEngine(
        string name,
        IRecordStorage storage,
        HalfRecords? halves,
        StoreQuota quota,
        ValueCache cache,
        KademliaOptions constants,
        IRandomSource random,
        TimeProvider time,
        ILogger logger)
    {
        (_cache, _constants, _time) = (cache, constants, time);
        _times = new ShardTimes(name, storage, constants.RepublishInterval, time, logger);
        Log = new RecordLog(name, storage, _times, quota, cache, random, logger);
        _reader = new PageReader(storage, cache, Log);
        _writer = new ShardWriter(Log, _reader, time, logger);
        _split = halves is null ? null : new Splitter(Log, _writer, new SplitCopier(storage, halves), cache);
    }

    public RecordLog Log { get; }

    public KeyShard Shard => Log.Shard;

    public bool IsSealed => Log.IsSealed;

    /// <summary>Another activation has taken the shard over: this one writes nothing any more, and what it reads may be old.</summary>
    public event Action? Superseded
    {
        add => _writer.Superseded += value;
        remove => _writer.Superseded -= value;
    }

    /// <summary>Whether the shard answers reads itself: it is not sealed, or is known to be ahead of its halves.</summary>
    public bool MayRead => _split?.MayRead ?? true;

    public bool AreHalvesFilled => _split is { AreHalvesFilled: true };

    // Loads the shard, with what the activation before saved, and claims its log: a silo that was frozen may still write by an activation
    // before. From its end on the silo may answer from its cache of the values. A half of a shard that was split says its name.
    // The claim is made only after confirm, which fails if others may have this silo for dead. InvalidOperationException: another build wrote
    // the shard, or the half has no manifest yet. StorageConflictException: another activation has claimed the log meanwhile.
    public async Task ActivateAsync(MovedLog? moved, string? half, Func<Task>? confirm = null, CancellationToken cancellationToken = default)
    {
        Log.Restore(moved);
        using (await _cache.Loads.AcquireAsync(cancellationToken))
        {
            await Log.ResolveDoubtAsync();
        }

        if (half is not null && Log.Image.ManifestETag is null)
        {
            // Its values are elsewhere: it must not be taken for an empty one.
            throw new InvalidOperationException($"There is no {half} yet: the shard that it is a half of is not split.");
        }

        if (IsSealed && _split is not null)
        {
            await _split.FindMissingAsync();
        }

        if (!Log.IsOwner && !IsSealed)
        {
            await (confirm?.Invoke() ?? Task.CompletedTask);
            await ClaimAsync();
            if (Log.IsSuperseded)
            {
                throw new StorageConflictException("Another activation of the shard began meanwhile.");
            }
        }

        // Nobody would close the cache for a shard whose activation was given up.
        cancellationToken.ThrowIfCancellationRequested();
        Log.Image.IsOpen = true;
        _cache.Active.TryAdd(this, 0);
    }

    /// <summary>
    /// Makes this activation the owner of its log if it is not yet. While storage takes no writes the shard is read without: to be called again.
    /// </summary>
    public async Task ClaimAsync()
    {
        if (Log.IsOwner || IsSealed || Log.IsSuperseded)
        {
            return;
        }

        try
        {
            await _writer.ClaimAsync();
        }
        catch (IOException)
        {
            // The log has said why.
        }
    }

    /// <summary>Ends the silo's answers from its cache. What is under way goes on.</summary>
    public void Close()
    {
        Log.Image.IsOpen = false;
        _cache.Active.TryRemove(this, out _);
    }

    /// <summary>Completes when no write, compaction or copy is under way. Never fails.</summary>
    public async Task EndAsync()
    {
        await (_split?.Completion ?? Task.CompletedTask);
        await _writer.EndAsync();
    }

    /// <summary>Writes the times of STOREs that memory alone has, to be called each <see cref="ShardTimes.Pause"/>. Never fails.</summary>
    public Task SaveTimesAsync() => _times.SaveAsync(Log.Image);

    /// <summary>The same once nothing is under way any more, as the activation ends. Never fails.</summary>
    public Task SaveLastTimesAsync() => _times.SaveAllAsync(Log.Image);

    /// <summary>The values held of some keys, alive or not, in their order; null if there is none. The cache takes them if keeps is true.</summary>
    public Task<StoredValue?[]> ReadAsync(IReadOnlyList<NodeId> keys, bool keeps) => _reader.ReadAsync(keys, keeps, _writer.ReloadAsync);

    // The next keys of a region with their values, in order, expired ones included. Fewer than count are the last. Null if the
    // halves have to be asked.
    public async Task<List<T>?> ScanAsync<T>(KeyRegion region, NodeId? after, int count, Func<NodeId, StoredValue, T> map)
    {
        var found = new List<T>();
        while (MayRead)
        {
            // A short page would say that the shard has no more keys.
            var left = count - found.Count;
            var keys = Log.Image.Keys.Find(region, after, left);
            var values = await ReadAsync(keys, keeps: false);
            if (!MayRead)
            {
                break;
            }

            found.AddRange(keys.Zip(values).Where(held => held.Second is not null).Select(held => map(held.First, held.Second!)));
            if (keys.Count < left || found.Count == count)
            {
                return found;
            }

            after = keys[^1];
        }

        return null;
    }

    /// <summary>The next keys that are due for republishing or publishing at a time, in order.</summary>
    public List<NodeId> FindDue(NodeId? after, int count, DateTimeOffset now) => Log.Image.Keys.Find(after, count, held =>
        RepublishPolicy.IsDueAtCheck(held.StoredAt, held.ExpiresAt, now, _constants)
        || (ValuePlace.Of(held).PublishedAt is { } publishedAt && RepublishPolicy.IsPublicationDue(publishedAt, now, _constants)));

    /// <summary>When the first of the keys that are not due at a time is; null if there is none.</summary>
    public DateTimeOffset? FindNextDue(DateTimeOffset now)
    {
        DateTimeOffset? next = null;
        Log.Image.Keys.Find(null, 1, held =>
        {
            Add(RepublishPolicy.FindNextAtCheck(held.StoredAt, held.ExpiresAt, now, _constants));
            Add(ValuePlace.Of(held).PublishedAt is { } publishedAt ? RepublishPolicy.FindNextPublication(publishedAt, now, _constants) : null);
            return false;
        });
        return next;

        void Add(DateTimeOffset? due) => next = RepublishPolicy.Earlier(next, due);
    }

    /// <summary>Puts values, in order. The step is how far the cluster's time moved ahead a moment ago.</summary>
    public Task<IReadOnlyList<StoreResult>> PutAsync<T>(IReadOnlyList<T> items, Func<T, Put> putOf, TimeSpan step) =>
        PutAsync(items, putOf, static outcome => outcome.Result, step);

    /// <summary>Puts one value.</summary>
    public async Task<PutOutcome> PutAsync(Put put, TimeSpan step) => (await PutAsync([put], static one => one, static outcome => outcome, step))[0];

    /// <summary>Removes a key's value if that has a version; of the terms the call's id counts.</summary>
    public async Task<PutOutcome> RemoveAsync(NodeId key, long version, PutTerms terms)
    {
        var call = new WriteCall<PutOutcome>(1);
        _writer.Enqueue(new RemovalWrite(call, 0, key, version, terms));
        return (await call.Task)[0];
    }

    // Changes keys, each by a time of its own. Returns whether there was anything to change of each. IOException: storage failed.
    public Task<IReadOnlyList<bool>> ChangeAsync<T>(WriteKind kind, IReadOnlyList<T> items, Func<T, (NodeId Key, DateTimeOffset Time)> of)
    {
        var call = new WriteCall<bool>(items.Count);
        for (var i = 0; i < items.Count; i++)
        {
            var (key, time) = of(items[i]);
            var length = kind.NeedsValue ? EntryCodec.MaxLengthOf(Shard.ShareOf(key)) : EntryCodec.RemovalLength;
            _writer.Enqueue(new KeyWrite(call, i, kind, key, time, length));
        }

        return call.Task;
    }

    /// <summary>Stops publishing keys, and keeping their items for the owners. Returns of each whether there was either.</summary>
    /// <exception cref="IOException">Storage failed.</exception>
    public Task<IReadOnlyList<bool>> UnpublishAsync(IReadOnlyList<NodeId> keys) =>
        ChangeAsync(WriteKind.Unpublish(_constants.ValueTimeToLive), keys, static key => (key, default));

    // Ends the keeping of items whose time is over, prolongs publications and removes expired values. IOException: storage failed.
    public async Task ExpireAsync()
    {
        await ReleaseAsync(_time.GetUtcNow());
        await ProlongAsync(_time.GetUtcNow());
        await RemoveExpiredAsync(_time.GetUtcNow());
    }

    /// <summary>Removes expired values, and returns their number. A publication of the cluster lives until it is unpublished.</summary>
    /// <exception cref="IOException">Storage failed.</exception>
    public async Task<int> RemoveExpiredAsync(DateTimeOffset now)
    {
        var removed = 0;
        foreach (var keys in Find(held => held.IsExpired(now) && !ValuePlace.Of(held).IsPublished))
        {
            removed += (await ChangeAsync(WriteKind.Remove, keys, key => (key, now))).Count(wasHeld => wasHeld);
        }

        return removed;
    }

    /// <summary>The keys' changes for those who know a state. Null if the shard is split: its halves have histories of their own.</summary>
    public KeyHistory? GetHistory(int maxChanges) => IsSealed ? null : Log.GetHistory(maxChanges);

    public Task FillHalvesAsync() => Split.FillHalvesAsync();

    public async Task EmptyAsync()
    {
        await Split.EmptyAsync();
        await _times.EmptyAsync();
    }

    private Task<IReadOnlyList<TResult>> PutAsync<T, TResult>(
        IReadOnlyList<T> items, Func<T, Put> putOf, Func<PutOutcome, TResult> resultOf, TimeSpan step)
    {
        var now = _time.GetUtcNow();
        var call = new WriteCall<TResult>(items.Count);
        for (var i = 0; i < items.Count; i++)
        {
            _writer.Enqueue(new PutWrite<TResult>(call, i, putOf(items[i]).Admit(now, step), resultOf));
        }

        return call.Task;
    }

    private Splitter Split => _split ?? throw new InvalidOperationException("The shard cannot be split.");

    // An edge gives a publication a new life by publishing it again. While no edge is live, the cluster must not lose it.
    private async Task ProlongAsync(DateTimeOffset now)
    {
        var timeToLive = _constants.ValueTimeToLive;
        foreach (var keys in Find(held => ValuePlace.Of(held).IsPublished && !held.IsKept && held.ExpiresAt - now < timeToLive / 4))
        {
            await ChangeAsync(WriteKind.Prolong, keys, key => (key, now + timeToLive));
        }
    }

    private async Task ReleaseAsync(DateTimeOffset now)
    {
        foreach (var keys in Find(held => held.IsKeptTooLong(now)))
        {
            await ChangeAsync(WriteKind.Release(_constants.ValueTimeToLive), keys, key => (key, now));
        }
    }

    private IEnumerable<NodeId[]> Find(Func<HeldKey, bool> isSuch)
    {
        NodeId[] keys = [.. Shard.Enumerate().Where(isSuch).Select(held => held.Key)];
        return keys.Chunk(MaxKeys);
    }
}
