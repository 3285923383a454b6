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

    // Orleans takes the time for the generation of a silo, and waits for silos whose last sign of life is not past.
    [Theory]
    [InlineData(3_600, false, true)]
    [InlineData(2_592_000, false, true)]
    [InlineData(3_600, true, true)]
    [InlineData(3_600, true, false)]
    [InlineData(2_592_000, true, false)]
    [InlineData(-3_600, true, true)]
    [InlineData(-2_592_000, false, false)]
    [Needs(Need.PostgreSql | Need.FakeTime)]
    public async Task After_a_wrong_clock_was_set_right_a_silo_starts_at_the_same_address_and_at_another(int ahead, bool isKilled, bool isSameAddress)
    {
        string[] settings = [.. await postgres.CreateStorageAsync(), SiloServer.ShardBits(ShardBits)];
        await using var wrong = new SiloServer(Folder, settings) { ClockAhead = TimeSpan.FromSeconds(ahead) };
        await wrong.StartAsync();
        await SetAsync(wrong.Gateway, "wrong");
        if (isKilled)
        {
            await wrong.KillAsync();
        }
        else
        {
            Assert.Equal(0, await wrong.StopAsync());
        }

        await using var other = new SiloServer(Folder, settings);
        var right = isSameAddress ? wrong : other;
        right.ClockAhead = TimeSpan.Zero;
        await right.StartAsync();
        await Eventually.ReadAsync(
            async () => (await Record.ExceptionAsync(() => SetAsync(right.Gateway, "right")))?.Message, message => message is null);
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
