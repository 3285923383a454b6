using System.Reflection;
using Xunit.v3;

namespace KadOrleans.Lab;

/// <summary>What a test needs and not every machine has. CONTRIBUTING.md says how to get it.</summary>
[Flags]
public enum Need
{
    Promtool = 1,
    Kubectl = 2,
    Kubeconform = 4,
    PostgreSql = 8,
    Azurite = 16,
    OpenSsl = 64,
    Curl = 128,
    Python = 256,
    NodeJs = 512,
    Chromium = 1024,
    Kademlia = 2048,
    OrleansScripts = 4096,
    FakeTime = 8192,
    PgBouncer = 16384,
    Axe = 32768,
    Podman = 65536,
    Redis = 131072,
    Git = 262144,
}

/// <summary>Skips a test, or each of a class, where the machine lacks something that it needs. The reason says what.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class NeedsAttribute(Need needs) : BeforeAfterTestAttribute
{
    public override void Before(MethodInfo methodUnderTest, IXunitTest test)
    {
        var missing = Machine.Missing(needs);
        Assert.SkipWhen(missing is not null, missing ?? string.Empty);
    }
}

public static class Machine
{
    /// <summary>The Python interpreter that can import <c>kademlia</c>, from <c>KAD_TEST_KADEMLIA</c>; empty if there is none.</summary>
    public static string KademliaPython { get; } = Environment.GetEnvironmentVariable("KAD_TEST_KADEMLIA") ?? string.Empty;

    /// <summary>The executable of Chromium or Chrome; null if neither is installed.</summary>
    public static string? Chromium { get; } = new[] { "chromium", "chromium-browser", "google-chrome" }.Select(Find).FirstOrDefault(path => path is not null);

    /// <summary>The script of axe-core, from <c>KAD_TEST_AXE</c>; empty if there is none.</summary>
    public static string Axe { get; } = Environment.GetEnvironmentVariable("KAD_TEST_AXE") ?? string.Empty;

    /// <summary>The executable of PgBouncer; null if it is not installed.</summary>
    public static string? PgBouncer { get; } = Find("pgbouncer") ?? new[] { "/usr/sbin/pgbouncer" }.FirstOrDefault(File.Exists);

    /// <summary>The library of faketime for programs with threads; null if it is not installed.</summary>
    public static string? FakeTime { get; } = Directory.Exists("/usr/lib")
        ? new[] { "/usr/lib" }.Concat(Directory.EnumerateDirectories("/usr/lib"))
            .Select(folder => Path.Combine(folder, "faketime", "libfaketimeMT.so.1"))
            .FirstOrDefault(File.Exists)
        : null;

    /// <summary>The first need that is not met, as the reason of a skip; null if all are.</summary>
    public static string? Missing(Need needs) => Enum.GetValues<Need>()
        .Where(need => needs.HasFlag(need))
        .Select(ReasonOf)
        .FirstOrDefault(reason => reason is not null);

    private static string? ReasonOf(Need need) => need switch
    {
        Need.Promtool => Installed("promtool"),
        Need.Kubectl => Installed("kubectl"),
        Need.Kubeconform => Installed("kubeconform"),
        Need.OpenSsl => OperatingSystem.IsWindows() ? "there is no POSIX shell" : Installed("openssl"),
        Need.Git => OperatingSystem.IsWindows() ? "there is no POSIX shell" : Installed("git"),
        Need.Podman => OperatingSystem.IsLinux() ? Installed("podman") ?? Installed("runc") : "containers share the kernel of Linux",
        Need.Curl => Installed("bash") ?? Installed("curl"),
        Need.Python => Installed("python3"),
        Need.NodeJs => Installed("node"),
        Need.Chromium => Chromium is null ? "chromium is not installed" : null,
        Need.Axe => File.Exists(Axe) ? null : "KAD_TEST_AXE does not name axe.min.js of axe-core",
        Need.Kademlia => KademliaPython.Length > 0 ? null : "KAD_TEST_KADEMLIA does not name a Python interpreter that can import kademlia",
        Need.PostgreSql => PostgreSqlServer.IsThere ? null : "PostgreSQL is not installed",
        Need.OrleansScripts => PostgreSqlServer.OrleansScripts.Count > 0
            ? null
            : "KAD_TEST_POSTGRES_SCRIPTS does not name a folder with Orleans' scripts for PostgreSQL",
        Need.PgBouncer => PgBouncer is null ? "pgbouncer is not installed" : null,
        Need.Redis => Installed("redis-server"),
        Need.FakeTime => FakeTime is null ? "faketime is not installed" : null,
        Need.Azurite => AzuriteServer.IsThere ? null : "KAD_TEST_AZURITE does not name the executable of Azurite",
        _ => throw new ArgumentOutOfRangeException(nameof(need), need, "Unknown need."),
    };

    private static string? Installed(string program) => Find(program) is null ? $"{program} is not installed" : null;

    private static string? Find(string program)
    {
        var file = OperatingSystem.IsWindows() ? $"{program}.exe" : program;
        return (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, file))
            .FirstOrDefault(File.Exists);
    }
}
