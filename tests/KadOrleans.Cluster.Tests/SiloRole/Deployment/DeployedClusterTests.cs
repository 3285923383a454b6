using Npgsql;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>What the manifests say, started on this machine: two silos and two edges on a database made as the guide says.</summary>
public sealed class DeployedClusterTests : FolderTests
{
    private readonly CryptographicRandomSource _random = new();
    private readonly (string Secret, ApiToken Token) _operator = ApiToken.Create("operator", ApiScope.All);

    [Fact]
    [Needs(Need.Kubectl | Need.PostgreSql)]
    [Trait("Tier", "Long")]
    public async Task A_deployed_cluster_keeps_its_values_over_a_restart_of_each_pod()
    {
        await using var postgres = await PostgreSqlServer.StartAsync();
        var owner = await CreateDatabaseAsync(postgres);
        var tokens = new SecretVolume(Path.Combine(Folder, "tokens"));
        tokens.Write(("tokens.json", ApiTokens.Write([_operator.Token])));
        await using var firstSilo = Pod("silo", "kad-silo-a");
        await using var secondSilo = Pod("silo", "kad-silo-b");
        await using var firstEdge = Pod("edge", "kad-edge-0");
        await using var secondEdge = Pod("edge", "kad-edge-1");
        await Task.WhenAll(firstSilo.StartAsync(), firstEdge.StartAsync(), secondEdge.StartAsync());
        await secondSilo.StartAsync();
        string[] ids = [firstEdge.Id, secondEdge.Id];

        await AssertTheDashboardIsClosedAsync(firstSilo);
        await AssertBothSilosAreManagedAsync(firstSilo, secondSilo);
        var values = await SetAsync(firstEdge);
        await AssertThereAsync(secondEdge, values);

        // One after another, as a roll-out does.
        foreach (var pod in (DeployedPod[])[firstSilo, secondSilo, firstEdge, secondEdge])
        {
            Assert.Equal(0, await pod.StopAsync());
            await pod.StartAsync();
        }

        Assert.Equal(ids, new[] { firstEdge.Id, secondEdge.Id });
        await AssertThereAsync(firstEdge, values);
        await AssertThereAsync(secondEdge, values);
        foreach (var pod in (DeployedPod[])[firstEdge, secondEdge, firstSilo, secondSilo])
        {
            Assert.Equal(0, await pod.StopAsync());
        }

        DeployedPod Pod(string part, string name) => new(
            "postgres", part, name, Folder, tokens, ("Kad__PostgreSql__ConnectionString", As(owner, $"kad_{part}")));
    }

    /// <summary>Makes it as docs/install.md says, users for silos and edges, and all else by the Job's program.</summary>
    private static async Task<NpgsqlConnectionStringBuilder> CreateDatabaseAsync(PostgreSqlServer server)
    {
        var program = await SchemaProgram.CreateAsync(server, "kad");
        await program.ExecuteAsync("CREATE USER kad_silo; CREATE USER kad_edge");

        // The Job may run again, and beside itself.
        var settings = Manifests.Of("postgres").One("ConfigMap", "kad-schema-settings").Pairs("data");
        var results = await Task.WhenAll(program.ApplyAsync(settings), program.ApplyAsync(settings));
        Assert.All([.. results, await program.ApplyAsync(settings)], result => Assert.True(result.Code == 0, result.Errors));
        foreach (var part in (string[])["silo", "edge"])
        {
            await using var waiting = program.Wait(part, $"kad_{part}");
            Assert.Equal($"The database is ready for the {part}.", await waiting.ReadLineAsync());
        }

        return program.Owner;
    }

    private static string As(NpgsqlConnectionStringBuilder owner, string user) =>
        new NpgsqlConnectionStringBuilder(owner.ConnectionString) { Username = user }.ConnectionString;

    private static async Task AssertTheDashboardIsClosedAsync(DeployedPod silo)
    {
        Assert.Equal(HttpStatusCode.Unauthorized, await silo.GetAsync("/dashboard/"));
        Assert.Equal(HttpStatusCode.Unauthorized, await silo.GetAsync("/status", "kad:wrong"));
        Assert.Equal(HttpStatusCode.OK, await silo.GetAsync("/status", "kad:secret"));
    }

    private async Task AssertBothSilosAreManagedAsync(params DeployedPod[] silos)
    {
        using var client = new HttpClient { DefaultRequestHeaders = { Authorization = new("Bearer", _operator.Secret) } };
        foreach (var silo in silos)
        {
            var answer = JsonNode.Parse(await client.GetStringAsync(new Uri($"http://{silo.Http}/v1/admin/silos")))!;
            Assert.Equal(2, answer["silos"]!.AsArray().Count);
        }
    }

    private async Task<Dictionary<NodeId, DhtValue>> SetAsync(DeployedPod edge)
    {
        await using var client = await NetworkClient.JoinAsync(edge.Address);
        var values = Enumerable.Range(0, 10).ToDictionary(_ => NodeId.Random(_random), i => DhtValue.FromInteger(i));
        foreach (var (key, value) in values)
        {
            await client.SetUntilStoredAsync(key, value, nodes: 1);
        }

        return values;
    }

    private static async Task AssertThereAsync(DeployedPod edge, Dictionary<NodeId, DhtValue> values)
    {
        await using var client = await NetworkClient.JoinAsync(edge.Address);
        foreach (var (key, value) in values)
        {
            // While its shard loads, a peer gets contacts.
            Assert.Equal(value, await client.GetUntilFoundAsync(key));
        }
    }
}
