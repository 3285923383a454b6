namespace KadOrleans.Cluster.Tests.SiloRole;

[Trait("Tier", "Long")]
public sealed class EdgeAlarmTests : FolderTests
{
    /// <summary>The two minutes after which a silent edge counts as lost, and a busy machine.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(4);

    [Fact]
    [Needs(Need.Promtool)]
    public async Task Edges_that_are_killed_raise_alarms_until_they_serve_again_or_are_forgotten_and_one_that_stops_raises_none()
    {
        await using var run = await AlarmRun.StartAsync(TimeSpan.FromSeconds(1));
        await using var silo = new SiloServer(Folder, [.. run.Settings, SiloServer.ShardBits(2)]);
        await silo.StartAsync();
        await using var client = await ClusterClient.ConnectAsync(silo);
        string[] settings = [.. run.Settings, silo.GatewaySetting];
        await using var stops = new EdgeServer(Folder, "stops", settings);
        await using var returns = new EdgeServer(Folder, "returns", settings);
        await using var leaves = new EdgeServer(Folder, "leaves", settings);
        await AlarmRun.UntilAsync(() => run.Of("kad.edge.lost").Any(), "It asked the directory");
        await Task.WhenAll(stops.StartAsync(), returns.StartAsync(), leaves.StartAsync());
        Assert.Equal(0, await stops.StopAsync());
        await run.CalmAsync("KadEdgeLost", "KadNoEdge");

        await Task.WhenAll(returns.KillAsync(), leaves.KillAsync());
        await LostAsync(2);
        await run.PassAsync(12);
        run.Expect(run.Now, "KadEdgeLost", new Dictionary<string, string>());
        run.Expect(run.Now, "KadNoEdge", new Dictionary<string, string>());

        await returns.StartAsync();
        await LostAsync(1);
        await run.PassAsync(1);
        run.Expect(run.Now, "KadEdgeLost", new Dictionary<string, string>());
        run.Expect(run.Now, "KadNoEdge");

        await client.Grains.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton).ChangeAsync("leaves", NameChange.Forget);
        await LostAsync(0);
        await run.PassAsync(1);
        run.Expect(run.Now, "KadEdgeLost");
        await run.VerifyAsync();

        Task LostAsync(int count) => Eventually.ReadAsync(() => Task.FromResult(run.Last("kad.edge.lost")), lost => lost == count, Longest);
    }
}
