using Orleans.Core.Internal;
using Orleans.Runtime.Placement;

namespace KadOrleans.Cluster.Tests.SiloRole;

[Trait("Tier", "Long")]
public sealed class WrongClockTests(SharedPostgreSql postgres) : FolderTests
{
    private const int ShardBits = 4;

    // ClusterTimeTests has each of them ahead and behind.
    [Theory]
    [InlineData(20)]
    [InlineData(-1_200)]
    [Needs(Need.PostgreSql | Need.FakeTime)]
    public async Task A_silo_with_a_wrong_clock_refuses_nothing_and_says_so_wherever_the_directory_is(int ahead)
    {
        string[] settings = [.. await postgres.CreateStorageAsync(), SiloServer.ShardBits(ShardBits)];
        HealthReader[] health = [.. Enumerable.Range(0, 3).Select(_ => new HealthReader(FreePort.Tcp()))];
        SiloServer[] silos = [.. health.Select(reader => new SiloServer(Folder, [.. settings, reader.Setting]))];
        await using var edge = new EdgeServer(Folder, "edge", settings);
        try
        {
            // It is the first, so it has the directory, and judges those that join.
            silos[0].ClockAhead = TimeSpan.FromSeconds(ahead);
            foreach (var silo in silos)
            {
                await silo.StartAsync();
            }

            await edge.StartAsync();
            await TellAsync(health);
            await using var load = new StoreLoad(edge.Address, ShardBits);
            await load.WholeAsync();
            foreach (var (holder, number) in silos.Take(2).Select((silo, number) => (silo, number)))
            {
                await MoveDirectoryAsync(silos[0].Gateway, holder.Port);
                await load.WholeAsync();
                await TellAsync(health);
                foreach (var silo in silos)
                {
                    await SetAsync(silo.Gateway, $"{number} {silo.Port}");
                }
            }
        }
        finally
        {
            foreach (var silo in silos)
            {
                await silo.DisposeAsync();
            }

            Array.ForEach(health, reader => reader.Dispose());
        }
    }

    private static async Task TellAsync(HealthReader[] health)
    {
        foreach (var (silo, reader) in health.Index())
        {
            await (silo == 0 ? reader.BecomesAsync(HttpStatusCode.ServiceUnavailable, "clock skew") : reader.BecomesAsync(HttpStatusCode.OK, "ready"));
        }
    }

    private static async Task MoveDirectoryAsync(int gateway, int port)
    {
        await using var client = await ClusterClient.ConnectAsync(gateway);
        var management = client.Grains.GetGrain<IManagementGrain>(0);
        var target = (await management.GetHosts(onlyActive: true)).Keys.Single(silo => silo.Endpoint.Port == port);
        var directory = client.Grains.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton);
        await Eventually.ReadAsync(
            async () =>
            {
                var holder = await management.GetActivationAddress(directory);
                if (!target.Equals(holder))
                {
                    RequestContext.Set(IPlacementDirector.PlacementHintKey, target);
                    await directory.AsReference<IGrainManagementExtension>().MigrateOnIdle();
                    RequestContext.Clear();
                    await directory.GetUtcNowAsync();
                }

                return holder;
            },
            target.Equals);
    }

    // Through the facade of that gateway's silo.
    private static async Task SetAsync(int gateway, string keys)
    {
        await using var client = await ClusterClient.ConnectAsync(gateway);
        for (var i = 0; i < 10; i++)
        {
            var set = await client.Dht.SetAsync(NodeId.FromKey($"{keys} {i}"), DhtValue.FromInteger(i), TestContext.Current.CancellationToken);
            Assert.Equal(StoreResult.Stored, set.Local);
        }
    }
}
