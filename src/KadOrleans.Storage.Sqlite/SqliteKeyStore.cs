using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using KadOrleans.Core.Items;
using KadOrleans.Signatures;

namespace KadOrleans.Storage.Sqlite;

// Keys in the data file. A read completes synchronously if the value is cached or the key is not held; else the value is read
// from the file. A put is acknowledged when its transaction is on the disk. Puts that arrive together share one. The file has
// times in whole milliseconds, so after a restart a value may expire up to one millisecond earlier. Disposal waits for pending
// writes and leaves the database open. After it every call but another disposal throws ObjectDisposedException. Without checks it takes
// no items.
internal sealed class SqliteKeyStore(SqliteDatabase database, ItemChecks? checks = null) : IKeyStore
{
    // The most keys removed in one write, so that a long removal does not delay puts.
    private const int RemovalSlice = 1024;
    private const int ReadTogether = 64;

    private volatile bool _disposed;

    public string? Problem => database.Problem;

    public IReadOnlyList<NodeId> LostKeys => database.LostKeys;

    public bool IsLost(NodeId key) => database.Writer.Lost.ContainsKey(key);

    public ValueTask<StoredValue?> GetAsync(NodeId key, DateTimeOffset now, CancellationToken cancellationToken = default) =>
        Check(cancellationToken).TryGet(key, now, out var value, out var held, out var address)
            ? ValueTask.FromResult(value)
            : database.ReadAsync(held, address, now);

    public bool TryFind(NodeId key, DateTimeOffset now, out StoredValue? value) =>
        Check(CancellationToken.None).TryGet(key, now, out value, out _, out _);

    public ValueTask<StoreResult> PutAsync(
        NodeId key, StoredValue value, PutTerms terms = default, CancellationToken cancellationToken = default) =>
        checks is not null && terms.Item is null && ItemEnvelope.IsItemLike(value.Value)
            ? PutCheckedAsync(checks, Check(cancellationToken), key, value, terms, cancellationToken)
            : EnqueueAsync(key, value, terms, cancellationToken);

    private ValueTask<StoreResult> PutCheckedAsync(
        ItemChecks by, KeptValues values, NodeId key, StoredValue value, PutTerms terms, CancellationToken cancellationToken) =>
        by.PutAsync(key, value, terms, Peek(values, key), its => EnqueueAsync(key, value, its, cancellationToken));

    // What the cache has: what lies in the file alone is verified.
    private static DhtValue Peek(KeptValues values, NodeId key) =>
        values.TryGet(key, DateTimeOffset.MinValue, out var held, out _, out _) && held is not null ? held.Value : default;

    private ValueTask<StoreResult> EnqueueAsync(NodeId key, StoredValue value, PutTerms terms, CancellationToken cancellationToken)
    {
        Check(cancellationToken);

        // The writer decides, after all earlier puts. While it is far behind there is an early check. So a flood of puts beyond the quota
        // leaves half of the queue to others.
        if (database.Writer.IsCrowded && database.Values.FindRefusal(key, value, terms) is { } refusal)
        {
            return ValueTask.FromResult(refusal);
        }

        var write = new PutOperation(key, value, terms);
        if (database.Writer.TryEnqueue(write))
        {
            return cancellationToken.CanBeCanceled
                ? new ValueTask<StoreResult>(write.Task.AsTask().WaitAsync(cancellationToken))
                : write.Task;
        }

        Check(cancellationToken);
        return ValueTask.FromResult(StoreResult.Busy);
    }

    public async ValueTask<int> RemoveExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken = default)
    {
        Check(cancellationToken);
        var removed = 0;
        foreach (var some in database.Values.Scan(held => held.IsExpired(now)).Chunk(RemovalSlice))
        {
            NodeId[] keys = [.. some.Select(held => held.Key)];
            removed += await RemoveAsync(keys, now, cancellationToken);
        }

        return removed;
    }

    public long NextVersion(DateTimeOffset now)
    {
        Check(CancellationToken.None);
        return database.Values.Ask(shard => shard.Accounts.Versions.Next(now));
    }

    public async ValueTask<bool> RemoveIfAsync(NodeId key, long version, CancellationToken cancellationToken = default)
    {
        Check(cancellationToken);
        return await database.WriteAsync(writer => writer.RemoveIf(key, version), cancellationToken);
    }

    public async ValueTask<bool> RemoveAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        Check(cancellationToken);
        return await database.WriteAsync(writer => writer.Remove(key), cancellationToken);
    }

    public IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ScanAsync(KeyRegion region, CancellationToken cancellationToken = default) =>
        ScanAsync(region, static _ => true, cancellationToken);

    public IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ScanAsync(
        KeyRegion region, Func<KeyLife, bool> isWanted, CancellationToken cancellationToken = default)
    {
        Check(cancellationToken);
        return ReadAsync(database.Values.Scan(IsWanted), cancellationToken);

        bool IsWanted(HeldKey held) =>
            region.Contains(held.Key) && isWanted(new KeyLife(held.Key, held.StoredAt, held.ExpiresAt) { IsKept = held.IsKept });
    }

    public StoreTurnover Turnover => database.Values.Ask(static shard => shard.Turnover);

    public IReadOnlyList<SourceChanges> GetTopChanges(int count) => database.Values.Ask(shard => shard.Accounts.Changes.Top(count));

    public void SetArea(ResponsibleArea area) => Check(CancellationToken.None).SetArea(area);

    public void SetQuota(StoreQuota quota) => Check(CancellationToken.None).SetQuota(quota);

    public ValueTask<KeyStoreUsage> GetUsageAsync(CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(Check(cancellationToken).GetUsage());

    public ValueTask<SourceRanking> GetSourcesAsync(int count, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(Check(cancellationToken).GetSources(count));

    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        await database.FlushAsync();
    }

    // Removes keys that are still expired when their turn comes.
    private Task<int> RemoveAsync(NodeId[] keys, DateTimeOffset now, CancellationToken cancellationToken) => database.WriteAsync(
        writer => keys.Count(key => writer.RemoveExpired(key, now)), cancellationToken);

    // Some at a time, so that they are read together. What is asked for once does not come into the cache.
    private async IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ReadAsync(
        IEnumerable<HeldKey> keys, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var some in keys.Chunk(ReadTogether))
        {
            Check(cancellationToken);
            var reads = Array.ConvertAll(some, held => database.ReadAsync(held.Key, DateTimeOffset.MinValue));
            for (var i = 0; i < some.Length; i++)
            {
                if (await reads[i] is { } value)
                {
                    yield return new(some[i].Key, value);
                }
            }
        }
    }

    /// <summary>The values, unless the store is closed or the call is cancelled.</summary>
    private KeptValues Check(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed || database.Writer.IsStopped, this);
        cancellationToken.ThrowIfCancellationRequested();
        return database.Values;
    }
}

// A value to store. Most writes are puts, so each is its own value-task source. The caller continues on the thread that completes
// it.
internal sealed class PutOperation(NodeId key, StoredValue value, PutTerms terms) : DatabaseOperation<SegmentWriter>, IValueTaskSource<StoreResult>
{
    private ManualResetValueTaskSourceCore<StoreResult> _completion;
    private StoreResult _result;

    // True until it is planned.
    private bool _isAtStake = true;

    public NodeId Key => key;

    /// <summary>The caller's task; await it once.</summary>
    public ValueTask<StoreResult> Task => new(this, _completion.Version);

    public override void Run(SegmentWriter context) => _result = context.Put(key, value, terms, out _isAtStake);

    public override void Complete() => _completion.SetResult(_result);

    // A rejected or no-op put keeps its result even if the batch fails.
    public override void Fail(Exception cause) => _completion.SetResult(_isAtStake ? StoreResult.StorageFailed : _result);

    StoreResult IValueTaskSource<StoreResult>.GetResult(short token) => _completion.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<StoreResult>.GetStatus(short token) => _completion.GetStatus(token);

    void IValueTaskSource<StoreResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _completion.OnCompleted(continuation, state, token, flags);
}
