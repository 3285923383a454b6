using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A silo that hears nothing of the silo that leases node ids.</summary>
public sealed class CutOffTests
{
    [Fact]
    public void A_silo_counts_as_cut_off_only_after_a_long_silence()
    {
        var time = new ManualTimeProvider();
        using var clock = new ClockWatch(time, NullLogger<ClockWatch>.Instance);
        using var service = new ClockService(clock, null!, null!, time, NullLogger<ClockService>.Instance);
        Assert.False(service.IsCutOff);

        time.Advance(ClockService.Longest - TimeSpan.FromSeconds(1));
        Assert.False(service.IsCutOff);

        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(service.IsCutOff);
    }
}
