using System.Text.Json.Nodes;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A cluster's values as a file, from one cluster to another and between cluster and node.</summary>
public sealed class TransferTests : IDisposable
{
    private const int OldBits = 8;
    private const int NewBits = 4;
    private const int Count = 64;

    private readonly DirectoryInfo _old = Directory.CreateTempSubdirectory("kad-from-");
    private readonly DirectoryInfo _new = Directory.CreateTempSubdirectory("kad-to-");
    private readonly CryptographicRandomSource _random = new();

    private string FileName => Path.Combine(_old.FullName, "values.json");

    [Fact]
    [Trait("Tier", "Long")]
    public async Task A_cluster_of_other_shards_serves_what_one_exported_while_it_served()
    {
        List<NodeId> keys;
        await using (var oldSilo = new SiloServer(_old.FullName, SiloServer.ShardBits(OldBits)))
        await using (var oldEdge = new EdgeServer(_old.FullName, "old", oldSilo.GatewaySetting))
        {
            await Task.WhenAll(oldSilo.StartAsync(), oldEdge.StartAsync());
            keys = await StoreAsync(oldSilo);

            var export = await EndedRun.OfKadAsync(["admin", "export", FileName, .. oldSilo.AdminArguments]);
            Assert.Equal((0, $"exported {Count} values to {FileName}"), (export.Code, export.Output.Trim()));
            Assert.Empty(await ValueReading.MissingAsync(oldEdge.Address, keys));
            Assert.Equal((0, 0), (await oldEdge.StopAsync(), await oldSilo.StopAsync()));
        }

        await using var newSilo = new SiloServer(_new.FullName, SiloServer.ShardBits(NewBits));
        await using var newEdge = new EdgeServer(_new.FullName, "new", newSilo.GatewaySetting);
        await Task.WhenAll(newSilo.StartAsync(), newEdge.StartAsync());
        var import = await EndedRun.OfKadAsync(["admin", "import", FileName, "--json", .. newSilo.AdminArguments]);

        Assert.Equal((0, string.Empty), (import.Code, import.Errors));
        Assert.Equal(Count, JsonNode.Parse(import.Output)!["imported"]!.GetValue<int>());
        Assert.Empty(await ValueReading.MissingAsync(newEdge.Address, keys));
    }

    [Fact]
    [Trait("Tier", "Long")]
    public async Task A_file_goes_from_a_cluster_to_a_node_and_from_the_node_to_a_cluster()
    {
        var (first, second) = (Path.Combine(_old.FullName, "node"), Path.Combine(_new.FullName, "node.json"));
        List<NodeId> keys;
        await using (var oldSilo = new SiloServer(_old.FullName, SiloServer.ShardBits(OldBits)))
        {
            await oldSilo.StartAsync();
            keys = await StoreAsync(oldSilo);
            Assert.Equal(0, (await RunAsync("kad", ["admin", "export", FileName, .. oldSilo.AdminArguments])).Code);
        }

        var toNode = await RunAsync("kad", "state", "import", FileName, "--data", first, "--json");
        Assert.Equal((0, Count), (toNode.Code, JsonNode.Parse(toNode.Output)!["imported"]!.GetValue<int>()));
        Assert.Equal(0, (await RunAsync("kad", "state", "export", second, "--data", first)).Code);
        Assert.DoesNotContain("publishedAt", await File.ReadAllTextAsync(second, TestContext.Current.CancellationToken), StringComparison.Ordinal);

        await using var newSilo = new SiloServer(_new.FullName, SiloServer.ShardBits(NewBits));
        await newSilo.StartAsync();
        var toCluster = await RunAsync("kad", ["admin", "import", second, "--json", .. newSilo.AdminArguments]);
        Assert.Equal((0, Count), (toCluster.Code, JsonNode.Parse(toCluster.Output)!["imported"]!.GetValue<int>()));
        await using var client = await ClusterClient.ConnectAsync(newSilo.Gateway);
        await using var values = client.OpenValues(NewBits);
        foreach (var key in keys)
        {
            var stored = await values.GetAsync(key, DateTimeOffset.UtcNow, TestContext.Current.CancellationToken);
            Assert.Equal(StoreLoad.ValueOf(key), stored!.Value);
        }
    }

    [Theory]
    [InlineData("'export' is a command of kad now: kad admin export FILE --url http://SILO:8080 --token-file TOKEN.", "export", "-", "Kad:Storage=AdoNet")]
    [InlineData("'import' is a command of kad now: kad admin import FILE --url http://SILO:8080 --token-file TOKEN.", "Kad:Storage=Local", "import", "a.json")]
    [InlineData("'shards' is a command of kad now: kad admin shards --url http://SILO:8080 --token-file TOKEN.", "shards", "double")]
    [InlineData("'oops' is not a setting; NAME=VALUE is needed", "--Kad:Edge:Name", "export", "oops")]
    [InlineData("'exprot' is not a setting; NAME=VALUE is needed", "exprot", "file")]
    public async Task What_an_edges_executable_could_do_before_is_said_in_a_sentence(string sentence, params string[] args)
    {
        var run = await EndedRun.OfEdgeAsync(args);

        Assert.Equal((2, string.Empty), (run.Code, run.Output));
        Assert.StartsWith(sentence, Assert.Single(run.Lines), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _old.Delete(recursive: true);
        _new.Delete(recursive: true);
    }

    private async Task<List<NodeId>> StoreAsync(SiloServer silo)
    {
        var keys = Enumerable.Range(0, Count).Select(_ => NodeId.Random(_random)).ToList();
        await using var client = await ClusterClient.ConnectAsync(silo.Gateway);
        await client.StoreAsync(OldBits, keys, publish: i => i % 2 == 0);
        return keys;
    }

    private async Task<(int Code, string Output, string Error)> RunAsync(string assembly, params string[] args)
    {
        await using var process = ChildProcess.Start(assembly, _old.FullName, args);
        var code = await process.ExitAsync();
        while (await process.ReadLineAsync() is not null)
        {
            // To the end: lines may come after the exit.
        }

        return (code, process.Output.Text, process.Error.Text);
    }
}
