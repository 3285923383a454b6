using KadOrleans.Shards;

namespace KadOrleans.Tests.Shards;

/// <summary>One activation of a shard without a runtime.</summary>
internal sealed class EngineHost
{
    private static int _lastSeed;

    private EngineHost(ShardEngine engine, ManualTimeProvider clock) => (Engine, Clock) = (engine, clock);

    public ShardEngine Engine { get; }

    /// <summary>The activation's clock; it begins at <see cref="Samples.Now"/>.</summary>
    public ManualTimeProvider Clock { get; }

    public RecordLog Log => Engine.Log;

    /// <summary>Ends when nothing is under way any more, a compaction neither.</summary>
    public Task Completion => Engine.EndAsync();

    /// <summary>Activates a shard that has nothing yet.</summary>
    public static async Task<(FakeRecords Records, EngineHost Shard)> StartAsync()
    {
        var records = new FakeRecords();
        return (records, await ActivateAsync(records));
    }

    /// <summary>Activates a shard, by default with a cache for a few small values, and with random numbers of its own.</summary>
    public static async Task<EngineHost> ActivateAsync(
        FakeRecords records,
        StoreQuota? quota = null,
        ValueCache? cache = null,
        MovedLog? moved = null,
        HalfRecords? halves = null,
        string? half = null,
        ManualTimeProvider? clock = null,
        Func<Task>? confirm = null,
        CancellationToken cancellationToken = default)
    {
        clock ??= new ManualTimeProvider();
        var engine = new ShardEngine(
            "shard 0000",
            records,
            halves,
            quota ?? StoreQuota.Unlimited,
            cache ?? new ValueCache(4 * CachedValue.Overhead),
            new KademliaOptions(),
            new SeededRandomSource(Interlocked.Increment(ref _lastSeed)),
            clock,
            NullLogger.Instance);
        await engine.ActivateAsync(moved, half, confirm, cancellationToken);
        return new EngineHost(engine, clock);
    }

    /// <summary>The values that are held of some keys.</summary>
    public Task<StoredValue?[]> ReadAsync(params NodeId[] keys) => Engine.ReadAsync(keys, keeps: true);

    /// <summary>All keys with their values.</summary>
    public async Task<Dictionary<NodeId, StoredValue>> ReadAllAsync()
    {
        NodeId[] keys = [.. Engine.Shard.Enumerate().Select(held => held.Key)];
        return keys.Zip(await ReadAsync(keys)).ToDictionary(pair => pair.First, pair => pair.Second!);
    }

    public async Task<IReadOnlyList<StoreResult>> PutAsync(params (NodeId Key, StoredValue Value)[] puts)
    {
        var results = await PutOnlyAsync(puts);
        await Completion;
        return results;
    }

    /// <summary>Puts, and lets a compaction go on.</summary>
    public Task<IReadOnlyList<StoreResult>> PutOnlyAsync(params (NodeId Key, StoredValue Value)[] puts) =>
        Engine.PutAsync(puts, put => new Put(put.Key, put.Value), step: TimeSpan.Zero);

    public async Task<StoreResult> PutAsync(NodeId key, StoredValue value) => (await PutAsync((key, value)))[0];

    public async Task<bool> RemoveAsync(NodeId key)
    {
        var results = await Engine.ChangeAsync(WriteKind.Remove, [key], one => (one, DateTimeOffset.MaxValue));
        await Completion;
        return results[0];
    }

    /// <summary>Runs as a grain does: one thing at a time.</summary>
    public static Task RunAsync(Func<Task> run) => OneAtATime.RunAsync(run);
}
