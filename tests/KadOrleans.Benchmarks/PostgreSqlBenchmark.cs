using System.Diagnostics;
using System.Globalization;
using KadOrleans.Grains;
using KadOrleans.GrainStorage.PostgreSql;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Storage;

namespace KadOrleans.Benchmarks;

/// <summary>
/// Orleans' grain storage for PostgreSQL and this project's, in turns on one server of its own, which waits for the disk: single states by
/// the storages themselves, and durable sets by a silo's shards. Both write the binary form of Orleans' serializer.
/// </summary>
internal static class PostgreSqlBenchmark
{
    private const int StateBytes = 1024;

    // Sets that wait at a time. Shards gather what comes meanwhile into records.
    private const int PendingSets = 512;

    // Of each of the two, whose pools are not the same. Of Orleans' provider each write that is under way has one. The server has a hundred.
    private const int Connections = 45;

    public static async Task RunAsync(int pairs, TimeSpan turn)
    {
        await using var server = await PostgreSqlServer.StartAsync();
        var database = $"{server.ConnectionString};Maximum Pool Size={Connections}";
        foreach (var shardBits in (int[])[4, 6])
        {
            using var orleans = await StartAsync($"orleans-{shardBits}", shardBits, silo => silo.AddAdoNetGrainStorage(
                GrainStorageName.Kad, options => (options.Invariant, options.ConnectionString) = ("Npgsql", database)));
            CheckSerializer(orleans.Services.GetRequiredService<IOptionsMonitor<AdoNetGrainStorageOptions>>().Get(GrainStorageName.Kad));
            using var own = await StartAsync($"own-{shardBits}", shardBits, silo => silo.AddPostgreSqlGrainStorage(
                GrainStorageName.Kad, options => options.ConnectionString = database));
            CheckSerializer(own.Services.GetRequiredService<IOptionsMonitor<PostgreSqlGrainStorageOptions>>().Get(GrainStorageName.Kad));
            if (shardBits == 4)
            {
                foreach (var grains in (int[])[1, 64])
                {
                    var (states, ownStates) = (new States(StorageOf(orleans), grains), new States(StorageOf(own), grains));
                    await CompareAsync($"writes of {grains} grain(s) at once, {StateBytes} bytes", pairs, () => states.WriteAsync(turn), () => ownStates.WriteAsync(turn));
                }
            }

            var (sets, ownSets) = (new Sets(DhtOf(orleans)), new Sets(DhtOf(own)));
            await CompareAsync(
                $"durable sets to {1 << shardBits} shards, {PendingSets} at once, {StateBytes} bytes", pairs, () => sets.WriteAsync(turn), () => ownSets.WriteAsync(turn));
            await own.StopAsync();
            await orleans.StopAsync();
        }
    }

    // The first turn of each is to warm up.
    private static async Task CompareAsync(string what, int pairs, Func<Task<double>> orleans, Func<Task<double>> own)
    {
        await orleans();
        await own();
        var (theirs, ours) = (new List<double>(), new List<double>());
        for (var pair = 0; pair < pairs; pair++)
        {
            if (pair % 2 == 0)
            {
                theirs.Add(await orleans());
                ours.Add(await own());
            }
            else
            {
                ours.Add(await own());
                theirs.Add(await orleans());
            }
        }

        ShardBenchmark.Say($"{what}, a second: Orleans' {Describe(theirs, "F0")}; this project's {Describe(ours, "F0")}; ratio {Describe(ours.Zip(theirs, (a, b) => a / b), "F2")}");
    }

    // The median, and the interval of order statistics that has the true one in at least 95 of 100 cases; with fewer than six all values.
    private static string Describe(IEnumerable<double> values, string format)
    {
        var sorted = values.Order().ToArray();
        var (outside, beyond, term) = (0, 0.0, Math.Pow(0.5, sorted.Length));
        while (outside < sorted.Length / 2 && 2 * (beyond + term) <= 0.05)
        {
            beyond += term;
            outside++;
            term *= (sorted.Length - outside + 1.0) / outside;
        }

        var edge = Math.Max(0, outside - 1);
        var middle = (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
        return string.Create(
            CultureInfo.InvariantCulture, $"{middle.ToString(format, CultureInfo.InvariantCulture)} ({sorted[edge].ToString(format, CultureInfo.InvariantCulture)} to {sorted[^(edge + 1)].ToString(format, CultureInfo.InvariantCulture)})");
    }

    // Orleans' provider writes JSON unless it is told otherwise.
    private static void CheckSerializer(IStorageProviderSerializerOptions options)
    {
        if (options.GrainStorageSerializer is not OrleansGrainStorageSerializer)
        {
            throw new InvalidOperationException($"{options} has another serializer, so the two cannot be compared.");
        }
    }

    private static IGrainStorage StorageOf(IHost host) => host.Services.GetRequiredKeyedService<IGrainStorage>(GrainStorageName.Kad);

    private static IDht DhtOf(IHost host) => host.Services.GetRequiredService<IDht>();

    private static async Task<IHost> StartAsync(string service, int shardBits, Action<ISiloBuilder> addStorage)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.ClearProviders();
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(FreePort.Tcp(), FreePort.Tcp(), serviceId: service, clusterId: service)
                .UseInMemoryReminderService()
                .UseKadGrains(options => options.ShardBits = shardBits);
            addStorage(silo);
            silo.Services.AddKeyedSingleton<IGrainStorageSerializer>(
                GrainStorageName.Kad, (services, _) => ActivatorUtilities.CreateInstance<OrleansGrainStorageSerializer>(services));
            silo.AddKadClient();
        });
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    /// <summary>States of grains, each of which is written again and again, one write after the other.</summary>
    private sealed class States(IGrainStorage storage, int grains)
    {
        private readonly GrainState<byte[]>[] _states = [.. Enumerable.Range(0, grains).Select(_ => new GrainState<byte[]>(new byte[StateBytes]))];
        private readonly GrainId[] _ids = [.. Enumerable.Range(0, grains).Select(i => GrainId.Create("sample", string.Create(CultureInfo.InvariantCulture, $"{grains}-{i}")))];

        public async Task<double> WriteAsync(TimeSpan time)
        {
            var watch = Stopwatch.StartNew();
            var counts = await Task.WhenAll(Enumerable.Range(0, grains).Select(i => Task.Run(() => WriteAsync(i, watch, time))));
            return counts.Sum() / watch.Elapsed.TotalSeconds;
        }

        private async Task<int> WriteAsync(int grain, Stopwatch watch, TimeSpan time)
        {
            var count = 0;
            for (; watch.Elapsed < time; count++)
            {
                Random.Shared.NextBytes(_states[grain].State!);
                await storage.WriteStateAsync("state", _ids[grain], _states[grain]);
            }

            return count;
        }
    }

    /// <summary>Sets of new keys, each of which is acknowledged when its shard has it on the disk.</summary>
    private sealed class Sets(IDht dht)
    {
        private int _key;

        public async Task<double> WriteAsync(TimeSpan time)
        {
            var watch = Stopwatch.StartNew();
            var counts = await Task.WhenAll(Enumerable.Range(0, PendingSets).Select(_ => Task.Run(() => WriteAsync(watch, time))));
            return counts.Sum() / watch.Elapsed.TotalSeconds;
        }

        private async Task<int> WriteAsync(Stopwatch watch, TimeSpan time)
        {
            var count = 0;
            var content = new byte[StateBytes];
            for (; watch.Elapsed < time; count++)
            {
                Random.Shared.NextBytes(content);
                var key = NodeId.FromKey(Interlocked.Increment(ref _key).ToString(CultureInfo.InvariantCulture));
                var result = await dht.SetAsync(key, DhtValue.FromBytes(content), SetAcknowledgement.Durable);
                if (result.Publication != StoreResult.Stored)
                {
                    throw new InvalidOperationException($"A set ended with {result}.");
                }
            }

            return count;
        }
    }
}
