namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Somebody listens in the place of a silo's gateway, such as another user of the machine while the silo restarts.</summary>
public sealed class FalseGatewayTests : FolderTests
{
    /// <summary>What a caller sends before the other side has proved itself.</summary>
    private const int BytesToStrangers = HandshakeBytes.HelloBytes;

    private const int Attempts = 3;

    [Fact]
    public async Task An_edge_sends_a_false_gateway_no_secret()
    {
        var (keys, others) = (new TestKeys(), new TestKeys());
        await using var silo = await ServingSilo.StartAsync(FolderOf("silo"), keys);
        await using var edge = new EdgeServer(Folder, "edge", [silo.GatewaySetting, .. keys.OfEdge]);
        await using var impostor = ServingSilo.Of(FolderOf("impostor"), others);
        await Task.WhenAll(edge.StartAsync(), impostor.StartAsync());
        await silo.StopAsync();

        await using var recorded = RecordingRelay.Start(silo.Gateway, impostor.Gateway);
        await Eventually.IsTrueAsync(() => recorded.Received.Count >= Attempts || recorded.Has(keys.Gateway));
        TestContext.Current.TestOutputHelper?.WriteLine($"Bytes on each connection: {string.Join(", ", recorded.Received.Select(received => received.Length))}");
        Assert.Multiple(
            () => Assert.False(recorded.Has(keys.Gateway), "The edge sent the key as text."),
            () => Assert.False(recorded.Has(Convert.FromHexString(keys.Gateway)), "The edge sent the key."),
            () => Assert.False(recorded.Has("kad.proof"), "The edge sent a proof."),
            () => Assert.False(recorded.Has("kad.edge"), "The edge sent the entry of its key."),

            // The other side has not proved itself on any of them.
            () => Assert.All(recorded.Received, received => Assert.InRange(received.Length, 0, BytesToStrangers)));
        edge.IsThere();
    }

    private string FolderOf(string name) => Directory.CreateDirectory(Path.Combine(Folder, name)).FullName;
}
