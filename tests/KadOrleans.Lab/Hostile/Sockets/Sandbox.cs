namespace KadOrleans.Lab;

/// <summary>
/// A network namespace with only a loopback interface, on which public address ranges are local. A process in it may bind and forge any of
/// them, and reaches nobody else.
/// </summary>
internal static class Sandbox
{
    private const string Prepare =
        "ip link set lo up && ip route add local 11.0.0.0/8 dev lo && ip -6 route add local 2a0e::/16 dev lo "
        + "&& echo 1 > /proc/sys/net/ipv6/ip_nonlocal_bind && exec \"$@\"";

    /// <summary>Why no such namespace can be made here, in a sentence; null if it can.</summary>
    public static string? WhyNot()
    {
        if (!OperatingSystem.IsLinux())
        {
            return "Network namespaces are a feature of Linux.";
        }

        try
        {
            using var probe = Process.Start(Inside(["true"]))!;
            var error = probe.StandardError.ReadToEnd();
            probe.WaitForExit();
            return probe.ExitCode == 0 ? null : $"No network namespace can be made here: {error.Trim()}";
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return $"No network namespace can be made here, as 'unshare' cannot be started: {e.Message}";
        }
    }

    public static ProcessStartInfo Again(IEnumerable<string> args) =>
        Inside(["dotnet", typeof(Sandbox).Assembly.Location, .. args]);

    // It ends with the process that started it.
    private static ProcessStartInfo Inside(IEnumerable<string> command) =>
        new("unshare", ["--map-root-user", "--net", "--kill-child", "sh", "-c", Prepare, "sh", .. command])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
}
