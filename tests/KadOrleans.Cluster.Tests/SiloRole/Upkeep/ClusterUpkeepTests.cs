namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>
/// What it takes a cluster to send its values out once: a silo and two edges as processes, among nodes of this process, over real sockets.
/// <c>KAD_UPKEEP_VALUES=1000000 KAD_UPKEEP_NODES=60</c> is the size that docs/bench/upkeep.md has, and <c>KAD_UPKEEP_BUILD</c> names the folder
/// of another build's kad-server. <c>KAD_UPKEEP_KEPT=1</c> takes items that the cluster keeps for their owners, wherever their keys are.
/// </summary>
public sealed class ClusterUpkeepTests(ITestOutputHelper output)
{
    private const int ShardBits = 6;
    private const int Sampled = 1_000;

    private static readonly TimeSpan Longest = TimeSpan.FromHours(2);
    private static readonly int Values = Setting("KAD_UPKEEP_VALUES", 5_000);
    private static readonly int Nodes = Setting("KAD_UPKEEP_NODES", 30);
    private static readonly bool AreKept = Setting("KAD_UPKEEP_KEPT", 0) == 1;
    private static readonly string Build = Environment.GetEnvironmentVariable("KAD_UPKEEP_BUILD") ?? string.Empty;

    private readonly CryptographicRandomSource _random = new();

    [Fact]
    [Trait("Tier", "Long")]
    public async Task Two_edges_send_all_values_out_to_the_nodes_that_are_to_have_them()
    {
        await using var bed = await Bed.StartAsync();
        var (network, silo, one, other) = (bed.Network, bed.Silo, bed.One, bed.Other);
        var ids = bed.Ids;
        await using var client = await ClusterClient.ConnectAsync(silo);
        var (keys, filling) = (new List<NodeId>(), Stopwatch.StartNew());
        if (AreKept)
        {
            keys = await KeepAsync(client);
        }
        else
        {
            keys = FindKeys(network, ids);
            await FillAsync(client, keys);
        }

        output.WriteLine($"filled in {filling.Elapsed.TotalSeconds:0} s");
        RestartableServer[] servers = [silo, one, other];
        var before = servers.Select(server => server.ProcessorTime).ToArray();
        var (own, received, watch) = (Environment.CpuUsage.TotalTime, network.Received, Stopwatch.StartNew());
        await Task.WhenAll(Shards(client).Select(shard => shard.RepublishAsync().AsTask()));
        await Eventually.ReadAsync(() => CountDueAsync(client, Values / 100), static due => due < Values / 100, Longest, TimeSpan.FromSeconds(1));

        // What nobody answered, as on busy processors, goes out minutes later.
        var took = watch.Elapsed;
        var cpu = servers.Zip(before, (server, was) => $"{(server.ProcessorTime - was).TotalSeconds:0}").ToArray();
        output.WriteLine(
            $"{Values} {(AreKept ? "kept items with" : "values of")} 64 bytes to {Nodes} nodes by two edges, all but a hundredth "
            + $"in {took.TotalSeconds:0} s ({Values / took.TotalSeconds:0} a second); "
            + $"memory: silo {silo.Memory >> 20}, edges {one.Memory >> 20} and {other.Memory >> 20} MiB; "
            + $"processor: edges {cpu[1]} and {cpu[2]} s, silo {cpu[0]} s, nodes {(Environment.CpuUsage.TotalTime - own).TotalSeconds:0} s; "
            + $"requests to the nodes for each value: {string.Join(", ", network.Received.Select(count => $"{count.Key} {(count.Value - received[count.Key]) / (double)Values:0.000}"))}");
        var held = keys.Take(Sampled).Average(key => network.ShareOfHolders(key, ids));
        output.WriteLine($"held by {held:0.0000} of the nodes nearest to {Sampled} of them");
        await Eventually.ReadAsync(() => CountDueAsync(client, 1), static due => due == 0, Longest, TimeSpan.FromSeconds(1));
        output.WriteLine($"none was due after {watch.Elapsed.TotalSeconds:0} s");

        if (AreKept)
        {
            var start = Stopwatch.StartNew();
            await silo.KillAsync();
            await silo.StartAsync();
            await Eventually.ReadAsync(() => CountKeptAsync(client, keys), static kept => kept == Sampled, Longest, TimeSpan.FromSeconds(1));
            output.WriteLine($"{Sampled} of them were kept {start.Elapsed.TotalSeconds:0.0} s after the silo was killed and started");
        }

        // On a busy machine some do not answer in time, and others take their places.
        Assert.InRange(held, 0.9, 1);
    }

    /// <summary>A silo that is killed has not written which values went out in the minutes before: they go out once more.</summary>
    [Fact]
    [Trait("Tier", "Long")]
    public async Task A_silo_and_an_edge_that_are_killed_in_the_middle_of_a_sweep_leave_no_value_behind()
    {
        await using var bed = await Bed.StartAsync();
        var keys = FindKeys(bed.Network, bed.Ids);
        var before = bed.Stores;
        await using (var client = await ClusterClient.ConnectAsync(bed.Silo))
        {
            await FillAsync(client, keys);
            await Task.WhenAll(Shards(client).Select(shard => shard.RepublishAsync().AsTask()));
            await Eventually.ReadAsync(() => Task.FromResult(bed.Stores - before), sent => sent > keys.Count * SocketNetwork.K / 3, Longest);
            Assert.NotEqual(0, await CountDueAsync(client, 1));
        }

        await Task.WhenAll(bed.Silo.KillAsync(), bed.One.KillAsync());
        await bed.Silo.StartAsync();
        await bed.One.StartAsync();

        await using (var client = await ClusterClient.ConnectAsync(bed.Silo))
        {
            await Task.WhenAll(Shards(client).Select(shard => shard.RepublishAsync().AsTask()));
            await Eventually.ReadAsync(() => CountDueAsync(client, 1), static due => due == 0, Longest, TimeSpan.FromSeconds(1));
        }

        var shares = keys.ConvertAll(key => bed.Network.ShareOfHolders(key, bed.Ids));
        var stores = (bed.Stores - before) / (double)keys.Count;
        output.WriteLine($"held by {shares.Average():0.0000} of their nearest nodes, the worst by {shares.Min():0.00}; {stores:0.0} STOREs each");
        Assert.InRange(shares.Average(), 0.9, 1);
        Assert.DoesNotContain(0, shares);
        Assert.InRange(stores, 0.9 * SocketNetwork.K, 2.1 * SocketNetwork.K);
    }

    private static int Setting(string name, int value) => int.Parse(Environment.GetEnvironmentVariable(name) ?? $"{value}", CultureInfo.InvariantCulture);

    private static IEnumerable<IKeyShardGrain> Shards(ClusterClient client) =>
        Enumerable.Range(0, 1 << ShardBits).Select(shard => client.Grains.GetGrain<IKeyShardGrain>(shard));

    // How many values are due, at least if that is more than some.
    private static async Task<int> CountDueAsync(ClusterClient client, int some)
    {
        var due = 0;
        foreach (var shard in Shards(client))
        {
            due += due > some ? 0 : (await shard.GetDueForRepublishAsync(DateTimeOffset.UtcNow, null, Math.Min(some + 1, ShardLayout.MaxItems))).Count;
        }

        return due;
    }

    // A cluster sends values out that it is one of the k nearest of.
    private List<NodeId> FindKeys(SocketNetwork network, NodeId[] ids)
    {
        var keys = new List<NodeId>(Values);
        while (keys.Count < Values)
        {
            var key = NodeId.Random(_random);
            if (network.CountNearer(key, ids.MinBy(id => id.DistanceTo(key))) < SocketNetwork.K)
            {
                keys.Add(key);
            }
        }

        return keys;
    }

    // Null while the silo starts.
    private static async Task<int?> CountKeptAsync(ClusterClient client, List<NodeId> keys)
    {
        try
        {
            var count = 0;
            await using var values = client.OpenValues(ShardBits);
            foreach (var key in keys.Take(Sampled))
            {
                count += (await values.GetAsync(key, DateTimeOffset.UtcNow))?.KeptUntil is null ? 0 : 1;
            }

            return count;
        }
        catch (KeyStoreException)
        {
            return null;
        }
    }

    // As if kept two hours ago: all are due. A silo takes none before it knows that all silos can read them.
    private static async Task<List<NodeId>> KeepAsync(ClusterClient client)
    {
        var keys = new List<NodeId>(Values);
        await using var values = client.OpenValues(ShardBits);
        var now = DateTimeOffset.UtcNow;
        foreach (var some in Enumerable.Range(0, Values).Chunk(2_000))
        {
            var items = some.AsParallel().Select(i => SignedItems.Sign(1, $"61:{i:d61}", $"kept {i}")).ToList();
            await Eventually.ReadAsync(StoreAsync, static isStored => isStored, Longest, TimeSpan.FromSeconds(1));
            keys.AddRange(items.Select(item => item.Key));

            async Task<bool> StoreAsync()
            {
                var results = await Task.WhenAll(items.Select(item => values.PutAsync(
                    item.Key,
                    new StoredValue(item.ToValue(), now.AddHours(-2), now.AddDays(300), SourceNetwork.Trusted) { IsKept = true },
                    PutKind.Import).AsTask()));
                Assert.All(results, result => Assert.True(result == StoreResult.Stored || result.IsUndecided(), $"{result}"));
                return results.All(result => result == StoreResult.Stored);
            }
        }

        return keys;
    }

    // As if stored two hours ago: all are due.
    private static async Task FillAsync(ClusterClient client, List<NodeId> keys)
    {
        await using var values = client.OpenValues(ShardBits);
        var (now, bytes) = (DateTimeOffset.UtcNow, new byte[64]);
        foreach (var some in keys.Chunk(2_000))
        {
            var stored = new StoredValue(DhtValue.FromBytes(bytes), now.AddHours(-2), now.AddDays(5), default);
            var results = await Task.WhenAll(some.Select(key => values.PutAsync(key, stored, PutKind.Import).AsTask()));
            Assert.All(results, result => Assert.Equal(StoreResult.Stored, result));
        }
    }

    private sealed class Bed : IAsyncDisposable
    {
        private readonly TemporaryFolder _folder = new();

        private Bed(SocketNetwork network)
        {
            Network = network;
            Silo = new SiloServer(
                _folder.Path, SiloServer.ShardBits(ShardBits), "Kad:Cluster:Quota:TotalKeys=4000000", "Kad:Cluster:Quota:TotalBytes=4000000000",
                "Kad:Cluster:Quota:KeptKeys=4000000")
            { Assembly = ServerExecutable.In(Build) };
            string[] settings = [Silo.GatewaySetting, $"Kad:Edge:Bootstrap={network.First}"];
            One = new EdgeServer(_folder.Path, "one", settings) { Assembly = ServerExecutable.In(Build) };
            Other = new EdgeServer(_folder.Path, "other", settings) { Assembly = ServerExecutable.In(Build) };
        }

        public SocketNetwork Network { get; }

        public SiloServer Silo { get; }

        public EdgeServer One { get; }

        public EdgeServer Other { get; }

        public NodeId[] Ids => [NodeId.Parse(One.Id), NodeId.Parse(Other.Id)];

        /// <summary>STOREs that the nodes have received.</summary>
        public long Stores => Network.Received[nameof(RequestKind.Store)];

        public static async Task<Bed> StartAsync() => await new Bed(await SocketNetwork.StartAsync(Nodes)).StartedAsync(async bed =>
        {
            await bed.Silo.StartAsync();
            await Task.WhenAll(bed.One.StartAsync(), bed.Other.StartAsync());
            await bed.Network.KnowsAsync(bed.Ids);
        });

        public async ValueTask DisposeAsync()
        {
            await One.DisposeAsync();
            await Other.DisposeAsync();
            await Silo.DisposeAsync();
            await Network.DisposeAsync();
            _folder.Dispose();
        }
    }
}
