using System.Globalization;

namespace KadOrleans.Node;

/// <summary>A boot of the machine, and the time since, which no one sets and which goes on while the machine sleeps.</summary>
internal readonly record struct BootTime(string Boot, TimeSpan Elapsed)
{
    private const string IdPath = "/proc/sys/kernel/random/boot_id";

    // The kernel's CLOCK_BOOTTIME, in hundredths of a second.
    private const string UptimePath = "/proc/uptime";

    /// <summary>Null where the system tells neither: elsewhere than on Linux.</summary>
    public static BootTime? Read()
    {
        try
        {
            return OperatingSystem.IsLinux() ? Parse(File.ReadAllText(IdPath), File.ReadAllText(UptimePath)) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Reads the texts of the two files. Null if they are none.</summary>
    public static BootTime? Parse(string id, string uptime) =>
        Guid.TryParse(id.Trim(), out var boot)
        && double.TryParse(uptime.Split(' ')[0], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
        && seconds < TimeSpan.MaxValue.TotalSeconds
            ? new BootTime(boot.ToString("N"), TimeSpan.FromSeconds(seconds))
            : null;
}
