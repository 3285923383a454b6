namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>
/// What it takes a cluster to send its values out once: a silo and two edges as processes, among nodes of this process, over real sockets.
/// <c>KAD_UPKEEP_VALUES=1000000 KAD_UPKEEP_NODES=60</c> is the size that docs/bench/upkeep.md has, and <c>KAD_UPKEEP_BUILD</c> names the folder
/// of another build's kad-server.
/// </summary>
public sealed class ClusterUpkeepTests(ITestOutputHelper output)
{
    private const int ShardBits = 6;
    private const int Sampled = 1_000;

    private static readonly TimeSpan Longest = TimeSpan.FromHours(2);
    private static readonly int Values = Setting("KAD_UPKEEP_VALUES", 5_000);
    private static readonly int Nodes = Setting("KAD_UPKEEP_NODES", 30);
    private static readonly string Build = Environment.GetEnvironmentVariable("KAD_UPKEEP_BUILD") ?? string.Empty;

    private readonly CryptographicRandomSource _random = new();

    [Fact]
    [Trait("Tier", "Long")]
    public async Task Two_edges_send_all_values_out_to_the_nodes_that_are_to_have_them()
    {
        using var folder = new TemporaryFolder();
        await using var network = await SocketNetwork.StartAsync(Nodes);
        await using var silo = new SiloServer(
            folder.Path, SiloServer.ShardBits(ShardBits), "Kad:Cluster:Quota:TotalKeys=4000000", "Kad:Cluster:Quota:TotalBytes=4000000000");
        silo.Assembly = ServerExecutable.In(Build);
        await silo.StartAsync();
        string[] settings = [silo.GatewaySetting, $"Kad:Edge:Bootstrap={network.First}"];
        await using var one = new EdgeServer(folder.Path, "one", settings) { Assembly = ServerExecutable.In(Build) };
        await using var other = new EdgeServer(folder.Path, "other", settings) { Assembly = ServerExecutable.In(Build) };
        await Task.WhenAll(one.StartAsync(), other.StartAsync());
        NodeId[] ids = [NodeId.Parse(one.Id), NodeId.Parse(other.Id)];
        await network.KnowsAsync(ids);

        await using var client = await ClusterClient.ConnectAsync(silo.Gateway);
        var keys = FindKeys(network, ids);
        await FillAsync(client, keys);
        RestartableServer[] servers = [silo, one, other];
        var before = servers.Select(server => server.ProcessorTime).ToArray();
        var (own, received, watch) = (Environment.CpuUsage.TotalTime, network.Received, Stopwatch.StartNew());
        await Task.WhenAll(Shards(client).Select(shard => shard.RepublishAsync().AsTask()));
        await Eventually.ReadAsync(() => IsAnyDueAsync(client), static isAnyDue => !isAnyDue, Longest, TimeSpan.FromSeconds(1));

        var took = watch.Elapsed;
        var cpu = servers.Zip(before, (server, was) => $"{(server.ProcessorTime - was).TotalSeconds:0}").ToArray();
        output.WriteLine(
            $"{Values} values of 64 bytes to {Nodes} nodes by two edges in {took.TotalSeconds:0} s ({Values / took.TotalSeconds:0} a second); "
            + $"processor: edges {cpu[1]} and {cpu[2]} s, silo {cpu[0]} s, nodes {(Environment.CpuUsage.TotalTime - own).TotalSeconds:0} s; "
            + $"requests to the nodes for each value: {string.Join(", ", network.Received.Select(count => $"{count.Key} {(count.Value - received[count.Key]) / (double)Values:0.000}"))}");
        var held = keys.Take(Sampled).Average(key => network.ShareOfHolders(key, ids));
        output.WriteLine($"held by {held:0.0000} of the nodes nearest to {Sampled} of them");

        // On a busy machine some do not answer in time, and others take their places.
        Assert.InRange(held, 0.9, 1);
    }

    private static int Setting(string name, int value) => int.Parse(Environment.GetEnvironmentVariable(name) ?? $"{value}", CultureInfo.InvariantCulture);

    private static IEnumerable<IKeyShardGrain> Shards(ClusterClient client) =>
        Enumerable.Range(0, 1 << ShardBits).Select(shard => client.Grains.GetGrain<IKeyShardGrain>(shard));

    private static async Task<bool> IsAnyDueAsync(ClusterClient client)
    {
        foreach (var shard in Shards(client))
        {
            if ((await shard.GetDueForRepublishAsync(DateTimeOffset.UtcNow, null, 1)).Count > 0)
            {
                return true;
            }
        }

        return false;
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
}
