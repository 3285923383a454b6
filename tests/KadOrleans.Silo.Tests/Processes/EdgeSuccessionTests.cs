using System.Globalization;

namespace KadOrleans.Silo.Tests.Processes;

/// <summary>Edge processes of one name.</summary>
public sealed class EdgeSuccessionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kad-succession-").FullName;

    [Fact]
    public async Task A_successor_takes_the_name_and_the_older_process_ends_with_3()
    {
        await using var silo = new SiloServer(_folder, "Kad:Cluster:ShardBits=4");
        var gateway = $"Kad:Cluster:Gateway=127.0.0.1:{silo.Gateway.ToString(CultureInfo.InvariantCulture)}";
        await using var older = new EdgeServer(_folder, "edge", gateway);
        await using var newer = new EdgeServer(_folder, "edge", gateway);
        await Task.WhenAll(silo.StartAsync(), older.StartAsync());

        await newer.StartAsync();

        Assert.Equal(3, await older.ExitAsync());
        Assert.Equal(older.Id, newer.Id);
        await using (var client = await NetworkClient.JoinAsync(newer))
        {
            Assert.Equal(newer.Id, (await client.PingAsync(newer.Address.ToEndpoint())).Id.ToString());
        }

        Assert.Equal(0, await newer.StopAsync());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
