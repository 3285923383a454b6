using System.Collections.Concurrent;
using System.Diagnostics;

namespace KadOrleans.Benchmarks;

/// <summary>Doubles the shards of a running cluster while keys are stored one by one, and then looks for each.</summary>
/// <param name="grains">The cluster.</param>
/// <param name="first">The number of the first key to store.</param>
/// <param name="item">The key with a number, and its value.</param>
internal sealed class DoublingBenchmark(IGrainFactory grains, int first, Func<int, (NodeId Key, StoredValue Value)> item)
{
    private const int Workers = 64;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentBag<int> _stored = [];
    private readonly ConcurrentDictionary<int, double> _longest = [];
    private int _next = first - 1;
    private int _phase;
    private int _failed;

    /// <summary>Stores for this time before the doubling, and as long after it.</summary>
    public async Task RunAsync(TimeSpan time)
    {
        using var stop = new CancellationTokenSource();
        var layout = await ShardBenchmark.ReadLayoutAsync(grains);
        var load = Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => Task.Run(() => StoreAsync(layout, stop.Token), CancellationToken.None)));
        var before = await MeasureAsync(() => Task.Delay(time));
        _phase = 1;
        var meanwhile = await MeasureAsync(DoubleAsync);
        var longest = _longest[1];
        _phase = 2;
        var after = await MeasureAsync(() => Task.Delay(time));
        await stop.CancelAsync();
        await load;
        var missing = 0;
        await Parallel.ForEachAsync(_stored, async (i, _) =>
        {
            var (key, value) = item(i);
            var values = await grains.GetGrain<IKeyShardGrain>(layout.ShardOf(key)).GetAsync([key]);
            Interlocked.Add(ref missing, values[0]?.Value == value.Value ? 0 : 1);
        });
        ShardBenchmark.Say(
            $"double: {layout.Count} shards in {meanwhile.Seconds:F1} s, {before.Rate:F0} puts/s before, {meanwhile.Rate:F0} meanwhile ({meanwhile.Rate / before.Rate:F2}), {after.Rate:F0} after; longest put {_longest[0]:F0} ms before, {longest:F0} ms meanwhile; {_stored.Count} acknowledged, {missing} missing, {_failed} failed");
    }

    private IClusterGrain Cluster => grains.GetGrain<IClusterGrain>(GrainKeys.Singleton);

    private async Task DoubleAsync()
    {
        await Cluster.DoubleShardsAsync();
        while (await Cluster.GetShardsAsync() is { Split: not null })
        {
            await Task.Delay(Poll);
        }
    }

    private async Task<(double Seconds, double Rate)> MeasureAsync(Func<Task> run)
    {
        var (watch, stored) = (Stopwatch.StartNew(), _stored.Count);
        await run();
        return (watch.Elapsed.TotalSeconds, (_stored.Count - stored) / watch.Elapsed.TotalSeconds);
    }

    private async Task StoreAsync(ShardLayout layout, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var i = Interlocked.Increment(ref _next);
            var (key, value) = item(i);
            var (phase, started) = (_phase, Stopwatch.GetTimestamp());
            try
            {
                var results = await grains.GetGrain<IKeyShardGrain>(layout.ShardOf(key)).PutAsync([new ShardPut(key, value)]);
                if (results[0] == StoreResult.Stored)
                {
                    _stored.Add(i);
                    var took = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
                    _longest.AddOrUpdate(phase, took, (_, known) => Math.Max(known, took));
                    continue;
                }
            }
            catch (TimeoutException)
            {
                // It counts as failed.
            }

            Interlocked.Increment(ref _failed);
        }
    }
}
