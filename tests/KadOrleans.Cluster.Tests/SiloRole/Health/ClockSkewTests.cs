using System.Net;
using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A silo whose clock is not that of the silo that leases node ids.</summary>
public sealed class ClockSkewTests : FolderTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_silo_with_a_wrong_clock_is_not_ready_until_the_clock_is_right()
    {
        using var health = new HealthReader(FreePort.Tcp());
        using var host = SiloHost.Build(
            ["Kad:Silo:Port=0", "Kad:Silo:GatewayPort=0", health.Setting, $"Kad:Data={Folder}", "Kad:Edge:Enabled=false"],
            new KadProviders(),
            TextWriter.Null);
        await host.StartAsync(Token);
        var clock = host.Services.GetRequiredService<ClockWatch>();
        await health.BecomesAsync(HttpStatusCode.OK, "ready");

        clock.Note(ClockComparison.Of(DateTimeOffset.UnixEpoch, TimeSpan.Zero, DateTimeOffset.UnixEpoch.AddSeconds(7)));
        await health.BecomesAsync(HttpStatusCode.ServiceUnavailable, "clock skew");
        Assert.Equal("clock skew", host.Services.GetRequiredService<SiloReadiness>().State);
        Assert.Equal(HttpStatusCode.OK, (await health.ReadAsync("live")).Code);
        var skewed = await host.Services.GetRequiredService<SiloStatusReport>().CreateAsync(Token);
        Assert.Equal("clock skew", skewed["state"]!.GetValue<string>());
        Assert.NotNull(skewed["edges"]);
        var silo = Assert.Single(skewed["silos"]!.AsArray())!;
        Assert.Equal(("Active", false, "clock skew"), (silo["state"]!.GetValue<string>(), silo["isReady"]!.GetValue<bool>(), silo["reason"]!.GetValue<string>()));

        // Its own comparison, with itself.
        await health.BecomesAsync(HttpStatusCode.OK, "ready");
        var report = await host.Services.GetRequiredService<SiloStatusReport>().CreateAsync(Token);
        Assert.Equal(0, report["clockDifference"]!.GetValue<double>(), 0.5);
        await host.StopAsync(Token);
    }
}
