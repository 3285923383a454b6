using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;

namespace KadOrleans.Benchmarks;

/// <summary>Fills the shards of a running silo and reads random keys, by calls to the grains as a silo makes them.</summary>
internal static class ShardBenchmark
{
    private const int PerCall = 256;
    private const int CallsAtOnce = 16;

    private const string Usage = """
        put DATA GATEWAY FIRST KEYS BYTES                    stores keys in the shards of a silo on this machine
        get DATA GATEWAY KEYS BYTES SECONDS AT-ONCE [HOT]    reads random ones, one to a call, and compares them; with HOT the first so many
        double DATA GATEWAY FIRST BYTES SECONDS              doubles the shards while keys are stored
        crawl DATA GATEWAY PORT NODES RATE ROUNDS            crawls a network of nodes by one node and by the cluster's edges in turns
        handshake COUNT                                      connects over loopback with a handshake and without one, in turns
        postgresql PAIRS SECONDS                             writes by Orleans' grain storage for PostgreSQL and by this project's, in turns

        DATA is the silo's data folder, which has its keys.
        """;

    /// <summary>Runs a verb.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        if (args is ["handshake", var count])
        {
            await HandshakeBenchmark.RunAsync(int.Parse(count, CultureInfo.InvariantCulture));
            return 0;
        }

        if (args is ["postgresql", var pairs, var seconds])
        {
            await PostgreSqlBenchmark.RunAsync(
                int.Parse(pairs, CultureInfo.InvariantCulture), TimeSpan.FromSeconds(int.Parse(seconds, CultureInfo.InvariantCulture)));
            return 0;
        }

        Func<IGrainFactory, int[], Task>? run = (args.FirstOrDefault(), args.Length) switch
        {
            ("put", 6) => (grains, given) => PutAsync(grains, given[1], given[2], given[3]),
            ("get", 7 or 8) => (grains, given) => GetAsync(
                grains, given is [_, _, _, _, _, var hot] ? hot : given[1], given[2], TimeSpan.FromSeconds(given[3]), given[4]),
            ("double", 6) => (grains, given) => new DoublingBenchmark(
                grains, given[1], i => (Key(i), Value(i, given[2], DateTimeOffset.UtcNow))).RunAsync(TimeSpan.FromSeconds(given[3])),
            ("crawl", 7) => (grains, given) => CrawlBenchmark.RunAsync(grains, given[1], given[2], given[3], given[4]),
            _ => null,
        };
        if (run is null)
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }

        var numbers = args[2..].Select(argument => int.Parse(argument, CultureInfo.InvariantCulture)).ToArray();
        var builder = Host.CreateApplicationBuilder();
        builder.UseOrleansClient(client => client
            .UseStaticClustering(new IPEndPoint(IPAddress.Loopback, numbers[0]))
            .Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = ("kad", "kad"))
            .AddKadClient(options => options.GatewayKeyFile = Path.Combine(args[1], KeySettings.GatewayFileName))
            .AddOutgoingGrainCallFilter(new SiloProof(args[1])));
        using var host = builder.Build();
        await host.StartAsync();
        await run(host.Services.GetRequiredService<IGrainFactory>(), numbers);
        await host.StopAsync();
        return 0;
    }

    private static async Task PutAsync(IGrainFactory grains, int first, int count, int bytes)
    {
        var watch = Stopwatch.StartNew();
        var now = DateTimeOffset.UtcNow;
        var layout = await ReadLayoutAsync(grains);
        var left = Enumerable.Range(first, count).Chunk(PerCall * layout.Count).SelectMany(some => some.GroupBy(i => layout.ShardOf(Key(i))));
        var repeated = 0;
        await Parallel.ForEachAsync(left, new ParallelOptions { MaxDegreeOfParallelism = CallsAtOnce }, async (shard, _) =>
        {
            foreach (var some in shard.Chunk(1024))
            {
                ShardPut[] puts = [.. some.Select(i => new ShardPut(Key(i), Value(i, bytes, now)) { Kind = PutKind.Import })];
                while (!await TryPutAsync(grains.GetGrain<IKeyShardGrain>(shard.Key), puts))
                {
                    Interlocked.Increment(ref repeated);
                }
            }
        });
        Say($"put: {count} keys of {bytes} bytes, {count / watch.Elapsed.TotalSeconds:F0} keys/s, {repeated} calls repeated");
    }

    private static async Task<bool> TryPutAsync(IKeyShardGrain shard, ShardPut[] puts)
    {
        try
        {
            return (await shard.PutAsync(puts)).All(result => result == StoreResult.Stored);
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static async Task GetAsync(IGrainFactory grains, int keys, int bytes, TimeSpan time, int atOnce)
    {
        var layout = await ReadLayoutAsync(grains);
        var watch = Stopwatch.StartNew();
        var runs = await Task.WhenAll(Enumerable.Range(0, atOnce).Select(seed => Task.Run(() => ReadAsync(new Random(seed)))));
        var times = runs.SelectMany(run => run.Times).Order().ToList();
        Say($"get: {times.Count / watch.Elapsed.TotalSeconds:F0} calls/s of {keys} keys, {atOnce} at once, p50 {times[times.Count / 2]:F1} ms, p99 {times[times.Count * 99 / 100]:F1} ms, p99.9 {times[times.Count * 999 / 1000]:F1} ms, {runs.Sum(run => run.Wrong)} wrong");

        async Task<(List<double> Times, int Wrong)> ReadAsync(Random random)
        {
            var (calls, wrong) = (new List<double>(), 0);
            while (watch.Elapsed < time)
            {
                var i = random.Next(keys);
                var started = Stopwatch.GetTimestamp();
                var values = await grains.GetGrain<IKeyShardGrain>(layout.ShardOf(Key(i))).GetAsync([Key(i)]);
                calls.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                wrong += values[0]?.Value == Value(i, bytes, default).Value ? 0 : 1;
            }

            return (calls, wrong);
        }
    }

    public static async Task<ShardLayout> ReadLayoutAsync(IGrainFactory grains) =>
        (await grains.GetGrain<IClusterGrain>(GrainKeys.Singleton).GetAsync())!.Layout;

    private static NodeId Key(int number) => NodeId.FromKey(number.ToString(CultureInfo.InvariantCulture));

    private static StoredValue Value(int number, int bytes, DateTimeOffset now)
    {
        var content = new byte[bytes];
        BitConverter.TryWriteBytes(content, number);
        return new StoredValue(DhtValue.FromBytes(content), now, now.AddDays(7), SourceNetwork.Trusted);
    }

    public static void Say(FormattableString line) => Console.WriteLine(FormattableString.Invariant(line));

    /// <summary>The proof of a silo that nobody knows, by the key of the silo's data folder.</summary>
    private sealed class SiloProof(string data) : IOutgoingGrainCallFilter
    {
        private readonly string _proof = CallProof.OfSilo(
            ClusterKey.Parse(File.ReadAllText(Path.Combine(data, KeySettings.SiloFileName)).Trim()),
            SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 1), SiloAddress.AllocateNewGeneration()).ToParsableString());

        public Task Invoke(IOutgoingGrainCallContext context)
        {
            RequestContext.Set(CallProof.ContextKey, _proof);
            return context.Invoke();
        }
    }
}
