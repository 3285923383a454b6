using KadOrleans.Cluster.Tests.Grains;
using Microsoft.Extensions.Hosting.Internal;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A silo whose clock is not that of the edge directory, or that gets no response of it.</summary>
public sealed class ClockSkewTests : FolderTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_silo_with_a_wrong_clock_is_not_ready_until_the_clock_is_right()
    {
        using var health = new HealthReader(FreePort.Tcp());
        await using var host = await HostedSilo.StartAsync(Folder, health.Setting);
        var report = host.Services.GetRequiredService<SiloStatusReport>();
        await health.BecomesAsync(HttpStatusCode.OK, "ready");

        host.Services.GetRequiredService<ClockWatch>().Record(
            ClockComparison.Of(DateTimeOffset.UnixEpoch, TimeSpan.Zero, DateTimeOffset.UnixEpoch.AddSeconds(7)));
        await health.BecomesAsync(HttpStatusCode.ServiceUnavailable, "clock skew");
        Assert.Equal("clock skew", host.Services.GetRequiredService<SiloReadiness>().State);
        Assert.Equal(HttpStatusCode.OK, (await health.ReadAsync("live")).Code);
        var skewed = await report.CreateAsync(Token);
        Assert.Equal("clock skew", skewed["state"]!.GetValue<string>());
        Assert.NotNull(skewed["edges"]);
        var silo = Assert.Single(skewed["silos"]!.AsArray())!;
        Assert.Equal(("Active", false, "clock skew"), (silo["state"]!.GetValue<string>(), silo["isReady"]!.GetValue<bool>(), silo["reason"]!.GetValue<string>()));

        // Its own comparison, with itself.
        await health.BecomesAsync(HttpStatusCode.OK, "ready");
        Assert.Equal(0, (await report.CreateAsync(Token))["clockDifference"]!.GetValue<double>(), 0.5);
    }

    /// <summary>The machine slept, or its clock was wrong before.</summary>
    [Fact]
    public async Task A_jump_ahead_that_lasts_is_believed_after_ten_minutes()
    {
        var time = new ManualTimeProvider();
        var wall = new SteppedClock(time);
        var own = new ExpiryTime(wall, NullLogger.Instance);
        var lifetime = new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance);
        using var watch = new ClockWatch(own, NullLogger<ClockWatch>.Instance);
        using var service = new ClockService(watch, null!, lifetime, time, NullLogger<ClockService>.Instance, own);
        lifetime.NotifyStarted();
        await service.StartAsync(Token);

        wall.Ahead = TimeSpan.FromDays(8);
        var jumped = time.GetUtcNow();
        Assert.Equal(jumped, own.GetUtcNow());
        await Eventually.BecomesAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(10));
                return own.Status is { Agrees: true, Ahead: var ahead } && ahead == TimeSpan.Zero;
            },
            () => own.Status);

        Assert.True(time.GetUtcNow() - jumped >= TimeSpan.FromMinutes(10));
        Assert.Equal(wall.GetUtcNow(), own.GetUtcNow());
        await service.StopAsync(Token);
    }

    [Fact]
    public void A_silo_counts_as_cut_off_only_after_a_long_silence()
    {
        var time = new ManualTimeProvider();
        using var clock = new ClockWatch(time, NullLogger<ClockWatch>.Instance);
        using var service = new ClockService(clock, null!, null!, time, NullLogger<ClockService>.Instance);
        time.Advance(ClockService.SilenceTimeout - TimeSpan.FromSeconds(1));
        Assert.False(service.IsCutOff);

        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(service.IsCutOff);
    }
}
