using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A wrong clock. The edge is in this process: a machine's clock cannot be set for one process.</summary>
[Collection(AloneInProcess.Name)]
[Trait("Tier", "Long")]
public sealed class ClockAlarmTests : FolderTests
{
    [Fact]
    [Needs(Need.Promtool)]
    public async Task A_wrong_clock_of_an_edge_raises_an_alarm()
    {
        await using var run = await AlarmRun.StartAsync();
        await using var silo = new SiloServer(Folder, [.. run.Settings, "Kad:Cluster:ShardBits=2"]);
        await silo.StartAsync();
        await using var client = await ClusterClient.ConnectAsync(silo.Gateway);
        var clock = new WrongClock();
        using var edge = Edge(client, clock, run);
        await edge.StartAsync(TestContext.Current.CancellationToken);
        await run.UntilAsync(() => run.Of("kad.clock.difference").Any(m => m.Service == "kad-edge"), "The edge asked for the time");
        await run.CalmAsync("KadClockSkew");

        clock.Ahead = TimeSpan.FromSeconds(30);
        await run.UntilAsync(() => run.Of("kad.clock.difference").First(m => m.Service == "kad-edge").Points[0].Value < -29, "It asked again");
        await run.PassAsync(8);
        run.Expect(run.Now, "KadClockSkew", run.LabelsOf("kad-edge"));
        await edge.StopAsync(TestContext.Current.CancellationToken);
        await run.VerifyAsync();
    }

    private static IHost Edge(ClusterClient client, WrongClock clock, AlarmRun run)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(run.Settings
            .Append("Kad:Edge:Name=wrong")
            .Append("Kad:Edge:Listen=127.0.0.1:0")
            .Select(setting => KeyValuePair.Create<string, string?>(setting.Split('=')[0], setting.Split('=')[1])));
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.Services.AddSingleton(client.Grains);
        builder.Services.AddSingleton(new EdgeTiming { Renewal = TimeSpan.FromMilliseconds(250) });
        builder.Services.AddKadTelemetry(TelemetryOptions.Read(builder.Configuration, "kad-edge"), builder.Configuration);
        builder.Services.AddKadEdge(KadSettings.ReadEdge(builder.Configuration).Edge, endpoint => UdpTransport.Bind(endpoint));
        return builder.Build();
    }

    /// <summary>Timers and measured times are as they are.</summary>
    private sealed class WrongClock : TimeProvider
    {
        private long _ahead;

        public TimeSpan Ahead
        {
            set => Interlocked.Exchange(ref _ahead, value.Ticks);
        }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref _ahead));
    }
}
