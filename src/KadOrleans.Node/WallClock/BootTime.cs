namespace KadOrleans.Node;

/// <summary>A boot of the machine, and the time since, which no one sets and which goes on while the machine sleeps.</summary>
internal readonly partial record struct BootTime(string Boot, TimeSpan Elapsed)
{
    private const string IdPath = "/proc/sys/kernel/random/boot_id";

    // Not /proc/uptime, which in a container may be since its own start, while the id is the machine's.
    private const int ClockBootTime = 7;

    /// <summary>Null where the system tells neither: elsewhere than on Linux.</summary>
    public static BootTime? Read()
    {
        try
        {
            return OperatingSystem.IsLinux() && Guid.TryParse(File.ReadAllText(IdPath).Trim(), out var boot)
                && GetTime(ClockBootTime, out var since) == 0
                ? new BootTime(boot.ToString("N"), since.ToTimeSpan())
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetTime(int clock, out SystemTime time);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct SystemTime
    {
        private readonly nint _seconds;
        private readonly nint _nanoseconds;

        public TimeSpan ToTimeSpan() => TimeSpan.FromSeconds(_seconds, 0) + TimeSpan.FromTicks(_nanoseconds / TimeSpan.NanosecondsPerTick);
    }
}
