using System.Net;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>What the manifests say, started on this machine: two silos and two edges on a database made as the guide says.</summary>
public sealed class DeployedClusterTests : FolderTests
{
    private readonly CryptographicRandomSource _random = new();

    [Fact]
    [Needs(Need.Kubectl | Need.PostgreSql)]
    [Trait("Tier", "Long")]
    public async Task A_deployed_cluster_keeps_its_values_over_a_restart_of_each_pod()
    {
        await using var postgres = await PostgreSqlServer.StartAsync();
        var owner = await DeployedDatabase.CreateAsync(postgres);
        await using var firstSilo = new DeployedPod("silo", "kad-silo-a", owner.As("kad_silo"), Folder);
        await using var secondSilo = new DeployedPod("silo", "kad-silo-b", owner.As("kad_silo"), Folder);
        await using var firstEdge = new DeployedPod("edge", "kad-edge-0", owner.As("kad_edge"), Folder);
        await using var secondEdge = new DeployedPod("edge", "kad-edge-1", owner.As("kad_edge"), Folder);
        await Task.WhenAll(firstSilo.StartAsync(), firstEdge.StartAsync(), secondEdge.StartAsync());
        await secondSilo.StartAsync();
        string[] ids = [firstEdge.Id, secondEdge.Id];

        await AssertTheDashboardIsClosedAsync(firstSilo);
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
    }

    private static async Task AssertTheDashboardIsClosedAsync(DeployedPod silo)
    {
        Assert.Equal(HttpStatusCode.Unauthorized, await silo.GetAsync("/dashboard/"));
        Assert.Equal(HttpStatusCode.Unauthorized, await silo.GetAsync("/status", "kad:wrong"));
        Assert.Equal(HttpStatusCode.OK, await silo.GetAsync("/status", "kad:secret"));
    }

    private async Task<Dictionary<NodeId, DhtValue>> SetAsync(DeployedPod edge)
    {
        await using var client = await NetworkClient.JoinAsync(edge);
        var values = Enumerable.Range(0, 10).ToDictionary(_ => NodeId.Random(_random), i => DhtValue.FromInteger(i));
        foreach (var (key, value) in values)
        {
            await client.SetUntilStoredAsync(key, value, nodes: 1);
        }

        return values;
    }

    private static async Task AssertThereAsync(DeployedPod edge, Dictionary<NodeId, DhtValue> values)
    {
        await using var client = await NetworkClient.JoinAsync(edge);
        foreach (var (key, value) in values)
        {
            // While its shard loads, a peer gets contacts.
            Assert.Equal(value, await client.GetUntilFoundAsync(key));
        }
    }
}
