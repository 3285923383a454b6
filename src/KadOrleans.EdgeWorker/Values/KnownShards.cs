using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.Node.Ports;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>
/// The shards that a put or a scan found in use, with their last known usage. Calls to many shards use it, so they do not activate
/// thousands of empty ones. In a small cluster all shards count as used.
/// </summary>
internal sealed class KnownShards : IDisposable
{
    private readonly GrainKeyStoreOptions _options;
    private readonly TimeProvider _time;

    // Guards _usages and _turn.
    private readonly Lock _gate = new();
    private readonly Dictionary<long, (ShardUsage Usage, long Turn)> _usages = [];
    private long _turn;

    // One reader asks the shards; concurrent ones wait for its result. Guards _readAt.
    private readonly SemaphoreSlim _reading = new(1);
    private long? _readAt;

    /// <param name="shards">Those in use.</param>
    /// <param name="options">How many are asked for their usage, and how often.</param>
    /// <param name="time">For the usage's age.</param>
    public KnownShards(ShardLayout shards, GrainKeyStoreOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        for (var number = 0; shards.Count <= options.UsageShards && number < shards.Count; number++)
        {
            Add(shards.ShardAt(number));
        }
    }

    /// <summary>Notes that a shard holds something.</summary>
    public void Add(long shard)
    {
        lock (_gate)
        {
            _usages.TryAdd(shard, default);
        }
    }

    /// <summary>The shards known to be in use.</summary>
    public IReadOnlyList<long> All()
    {
        lock (_gate)
        {
            return [.. _usages.Keys];
        }
    }

    /// <summary>Sums the shards' usages. The cost is bounded however often it is called.</summary>
    /// <param name="ask">Asks one shard.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<KeyStoreUsage> ReadUsageAsync(Func<long, CancellationToken, Task<ShardUsage>> ask, CancellationToken cancellationToken)
    {
        await _reading.WaitAsync(cancellationToken);
        try
        {
            if (_readAt is not { } read || _time.GetElapsedTime(read) >= _options.UsageMaxAge)
            {
                var together = new ParallelOptions { MaxDegreeOfParallelism = _options.Parallelism, CancellationToken = cancellationToken };
                await Parallel.ForEachAsync(
                    LongestUnasked(), together, async (shard, cancel) => Note(shard, await ask(shard, cancel)));
                _readAt = _time.GetTimestamp();
            }
        }
        finally
        {
            _reading.Release();
        }

        lock (_gate)
        {
            return new KeyStoreUsage(_usages.Values.Sum(value => value.Usage.Keys), _usages.Values.Sum(value => value.Usage.Bytes));
        }
    }

    public void Dispose() => _reading.Dispose();

    private void Note(long shard, ShardUsage usage)
    {
        lock (_gate)
        {
            _usages[shard] = (usage, ++_turn);
        }
    }

    private IReadOnlyList<long> LongestUnasked()
    {
        lock (_gate)
        {
            return [.. _usages.OrderBy(pair => pair.Value.Turn).Take(_options.UsageShards).Select(pair => pair.Key)];
        }
    }
}
