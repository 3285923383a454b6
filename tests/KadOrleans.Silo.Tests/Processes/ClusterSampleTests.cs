using KadOrleans.Testing.Processes;

namespace KadOrleans.Silo.Tests.Processes;

/// <summary>The sample as a client of a cluster.</summary>
public sealed class ClusterSampleTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kad-sample-").FullName;

    [Fact]
    public async Task A_visitor_reads_who_was_there_before()
    {
        await using var silo = new SiloServer(_folder, "Kad:Cluster:ShardBits=4");
        await using var edge = new EdgeServer(_folder, "edge", silo.GatewaySetting);
        await Task.WhenAll(silo.StartAsync(), edge.StartAsync());

        Assert.Equal(
            ["Nobody was here before.", "Ada signed.", "The last visitor was Ada.", "Bob signed."],
            await GuestbookVisits.VisitTwiceAsync("Guestbook.Cluster", _folder, $"--Gateway=127.0.0.1:{silo.Gateway}"));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
