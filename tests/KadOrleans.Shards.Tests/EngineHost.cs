using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Simulation;
using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.Shards.Tests;

/// <summary>One activation of a shard without a runtime: a log and its writer.</summary>
internal sealed class EngineHost
{
    private readonly PageReader _reader;
    private readonly BatchWriter _writer;
    private readonly ValueCache _cache;

    private EngineHost(RecordLog log, PageReader reader, ValueCache cache)
    {
        Log = log;
        _cache = cache;
        _reader = reader;
        _writer = new BatchWriter(log, reader, Clock, NullLogger.Instance);
    }

    /// <summary>The activation's clock; it begins at <see cref="Samples.Now"/>.</summary>
    public ManualTimeProvider Clock { get; } = new();

    public RecordLog Log { get; }

    /// <summary>Activates a shard, by default with a cache for a few small values.</summary>
    public static async Task<EngineHost> ActivateAsync(
        FakeRecords records, int seed = 1, StoreQuota? quota = null, ValueCache? cache = null, MovedLog? moved = null)
    {
        cache ??= new ValueCache(4 * CachedValue.Overhead);
        var log = new RecordLog(records, quota ?? StoreQuota.Unlimited, cache, new SeededRandomSource(seed), NullLogger.Instance);
        if (moved is not null)
        {
            log.Take(moved);
        }

        await log.ResolveDoubtAsync();
        log.Image.IsOpen = true;
        return new EngineHost(log, new PageReader(records, cache, log), cache);
    }

    /// <summary>The split of this shard.</summary>
    public Splitter SplitBy(SplitCopier copier) => new(Log, _writer, copier, _cache);

    /// <summary>The values that are held of some keys.</summary>
    public Task<StoredValue?[]> ReadAsync(params NodeId[] keys) => _reader.ReadAsync(keys, keeps: true, _writer.ReloadAsync);

    /// <summary>All keys with their values.</summary>
    public async Task<Dictionary<NodeId, StoredValue>> ReadAllAsync()
    {
        NodeId[] keys = [.. Log.Shard.Enumerate().Select(held => held.Key)];
        return keys.Zip(await ReadAsync(keys)).ToDictionary(pair => pair.First, pair => pair.Second!);
    }

    /// <summary>Ends when nothing is under way any more, a compaction neither.</summary>
    public Task Completion => _writer.Completion;

    public async Task<IReadOnlyList<StoreResult>> PutAsync(params (NodeId Key, StoredValue Value)[] puts)
    {
        var results = await PutOnlyAsync(puts);
        await _writer.Completion;
        return results;
    }

    /// <summary>Whether puts come from a caller of this release.</summary>
    public bool TellsWhy { get; set; } = true;

    /// <summary>Puts, and lets a compaction go on.</summary>
    public Task<IReadOnlyList<StoreResult>> PutOnlyAsync(params (NodeId Key, StoredValue Value)[] puts)
    {
        var call = new WriteCall<StoreResult>(puts.Length);
        for (var i = 0; i < puts.Length; i++)
        {
            _writer.Enqueue(new PutWrite(call, i, new Put(puts[i].Key, puts[i].Value, TellsWhy: TellsWhy)));
        }

        return call.Completion;
    }

    public async Task<StoreResult> PutAsync(NodeId key, StoredValue value) => (await PutAsync((key, value)))[0];

    public async Task<bool> RemoveAsync(NodeId key)
    {
        var call = new WriteCall<bool>(1);
        _writer.Enqueue(new RemoveWrite(call, 0, key, expiredAt: null));
        var results = await call.Completion;
        await _writer.Completion;
        return results[0];
    }

    /// <summary>Runs as a grain does: one thing at a time.</summary>
    public static Task RunAsync(Func<Task> run) => Task.Factory.StartNew(
        run,
        CancellationToken.None,
        TaskCreationOptions.None,
        new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler).Unwrap();

}
