using System.Diagnostics;
using KadOrleans.Cli.Benchmarking;

namespace KadOrleans.Cli.Tests.Benchmarking;

public sealed class CoresTests
{
    [Theory]
    [InlineData(new[] { 0b11UL }, new[] { 0b10UL }, new[] { 0b01UL })]
    [InlineData(new[] { 0b1011_0000UL, 0UL }, new[] { 0b1000_0000UL, 0UL }, new[] { 0b0011_0000UL, 0UL })]
    [InlineData(new[] { ulong.MaxValue, 1UL }, new[] { 0UL, 1UL }, new[] { ulong.MaxValue, 0UL })]
    [InlineData(new[] { 0UL, 1UL << 63 }, new[] { 0UL, 1UL << 63 }, new[] { 0UL, 1UL << 63 })]
    [InlineData(new ulong[0], new ulong[0], new ulong[0])]
    public void The_load_has_the_last_core_and_the_rest_have_the_others_unless_there_is_one(ulong[] allowed, ulong[] load, ulong[] others) =>
        Assert.Equivalent((load, others), Cores.Split(allowed), strict: true);

    [Fact]
    public void A_process_is_started_beside_the_load_and_its_starter_keeps_its_cores()
    {
        var before = CoresIn("/proc/thread-self/status");
        var load = UInt128.Zero;
        var thread = new Thread(() =>
        {
            Cores.KeepForLoad();
            load = CoresIn("/proc/thread-self/status");
        });
        thread.Start();
        thread.Join();
        Process? process = null;
        Cores.StartBeside(() => process = Process.Start(new ProcessStartInfo("cat", ["/proc/self/status"]) { RedirectStandardOutput = true }));
        var others = Parse(process!.StandardOutput.ReadToEnd());
        process.WaitForExit();

        Assert.Equal(before, CoresIn("/proc/thread-self/status"));
        Assert.Equal(before, load | others);
        Assert.Equal(UInt128.One, UInt128.PopCount(load));
        Assert.Equal(UInt128.PopCount(before) > UInt128.One ? UInt128.Zero : before, load & others);
    }

    private static UInt128 CoresIn(string file) => Parse(File.ReadAllText(file));

    // Groups of 32 bits, the highest first; a machine of the tests has no more than four.
    private static UInt128 Parse(string status)
    {
        const string name = "Cpus_allowed:";
        var line = status.Split('\n').Single(line => line.StartsWith(name, StringComparison.Ordinal));
        var bits = line[name.Length..].Trim().Replace(",", string.Empty, StringComparison.Ordinal).TrimStart('0');
        return UInt128.Parse(bits, System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture);
    }
}
