using System.Diagnostics;

namespace KadOrleans.Tests.Node;

public sealed class BootTimeTests
{
    [Fact]
    public void It_is_of_this_boot_and_counts_from_the_machines_start()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells its boots apart.");

        // The same clock without the time asleep.
        var awake = Stopwatch.GetElapsedTime(0);
        var (first, second) = (BootTime.Read(), BootTime.Read());

        Assert.Equal(first!.Value.Boot, second!.Value.Boot);
        Assert.True(first.Value.Elapsed >= awake, $"{first.Value.Elapsed} after {awake}");
        Assert.True(second.Value.Elapsed >= first.Value.Elapsed);
    }
}
