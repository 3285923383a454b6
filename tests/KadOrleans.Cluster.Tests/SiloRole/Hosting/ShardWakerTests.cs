using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class ShardWakerTests : FolderTests
{
    [Fact]
    public async Task After_a_restart_a_shard_that_nobody_uses_has_its_reminder_again()
    {
        var key = new NodeId(new byte[NodeId.Length]);
        await RunAsync(async services =>
        {
            var value = new StoredValue(
                DhtValue.FromString("hello"), DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(1), default);
            var results = await Shard(services).PutAsync([new ShardPut(key, value)]);
            Assert.Equal(StoreResult.Stored, Assert.Single(results));
        });

        await RunAsync(async services =>
        {
            var reminders = services.GetRequiredService<IReminderTable>();
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            while ((await reminders.ReadRows(Shard(services).GetGrainId())).Reminders.Count == 0)
            {
                deadline.Token.ThrowIfCancellationRequested();
                await Task.Yield();
            }
        });
    }

    private static IKeyShardGrain Shard(IServiceProvider services) =>
        services.GetRequiredService<IGrainFactory>().GetGrain<IKeyShardGrain>(0);

    private async Task RunAsync(Func<IServiceProvider, Task> act)
    {
        string[] settings =
        [
            "Kad:Http=127.0.0.1:0", "Kad:Silo:Port=0", "Kad:Silo:GatewayPort=0", "Kad:Edge:Enabled=false", $"Kad:Data={Folder}",
        ];
        var host = SiloHost.Build(settings, new KadProviders(), TextWriter.Null);
        await using var disposal = (IAsyncDisposable)host;
        await host.StartAsync();
        await act(host.Services);
        await host.StopAsync();
    }
}
