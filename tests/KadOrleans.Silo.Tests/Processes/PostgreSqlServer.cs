using System.Diagnostics;
using System.Globalization;

namespace KadOrleans.Silo.Tests.Processes;

/// <summary>
/// A PostgreSQL server of its own with Orleans' tables, in a folder that is removed at the end. The environment variable
/// <c>KAD_TEST_POSTGRES_SCRIPTS</c> names a folder under which Orleans' scripts are found by their names.
/// </summary>
internal sealed class PostgreSqlServer : IAsyncDisposable
{
    private static readonly string[] ScriptNames =
        ["PostgreSQL-Main.sql", "PostgreSQL-Clustering.sql", "PostgreSQL-Persistence.sql", "PostgreSQL-Reminders.sql"];

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
    private static readonly string? Binaries = FindBinaries();

    private readonly string _folder = Directory.CreateTempSubdirectory("kad-postgres-").FullName;
    private readonly string _port = FreePort.Tcp().ToString(CultureInfo.InvariantCulture);

    private PostgreSqlServer()
    {
    }

    /// <summary>Whether the binaries and the scripts are on this machine.</summary>
    public static bool IsThere => Binaries is not null && FindScripts() is not null;

    /// <summary>How Npgsql reaches it: few connections, as several processes share the server's hundred.</summary>
    public string ConnectionString => $"Host=127.0.0.1;Port={_port};Database=postgres;Username=postgres;Maximum Pool Size=20";

    private string Data => Path.Combine(_folder, "data");

    public static async Task<PostgreSqlServer> StartAsync()
    {
        var server = new PostgreSqlServer();
        try
        {
            await server.CreateAsync();
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }

        return server;
    }

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
        {
            await RunAsync("pg_ctl", "-D", Data, "-m", "immediate", "-w", "stop");
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task CreateAsync()
    {
        if (Environment.IsPrivilegedProcess)
        {
            await RunToolAsync("chown", "postgres", _folder);
        }

        await RunAsync("initdb", "-D", Data, "-U", "postgres", "-A", "trust", "--no-locale", "-E", "UTF8");
        await RunAsync(
            "pg_ctl", "-D", Data, "-l", Path.Combine(_folder, "log"), "-w", "-o",
            $"-p {_port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={_folder}", "start");
        foreach (var script in FindScripts()!)
        {
            await RunToolAsync(
                Path.Combine(Binaries!, "psql"), "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", _port, "-U", "postgres", "-f", script);
        }
    }

    // The server refuses to run as root; Debian has a user for it.
    private static Task RunAsync(string tool, params string[] args)
    {
        var path = Path.Combine(Binaries!, tool);
        return Environment.IsPrivilegedProcess
            ? RunToolAsync("runuser", ["-u", "postgres", "--", path, .. args])
            : RunToolAsync(path, args);
    }

    private static async Task RunToolAsync(string tool, params string[] args)
    {
        // Its output is not redirected: the server inherits it and would keep it open.
        var start = new ProcessStartInfo("sh") { UseShellExecute = false, WorkingDirectory = "/" };
        foreach (var arg in (string[])["-c", "exec \"$@\" >/dev/null", "sh", tool, .. args])
        {
            start.ArgumentList.Add(arg);
        }

        // The scripts have the server note much that is no warning.
        start.Environment["PGOPTIONS"] = "--client-min-messages=warning";
        using var process = Process.Start(start)!;
        using var deadline = new CancellationTokenSource(Longest);
        await process.WaitForExitAsync(deadline.Token);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{tool} {string.Join(' ', args)} ended with {process.ExitCode}.");
        }
    }

    private static string? FindBinaries()
    {
        const string debian = "/usr/lib/postgresql";
        return Directory.Exists(debian)
            ? Directory.EnumerateDirectories(debian)
                .Select(version => Path.Combine(version, "bin"))
                .LastOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")))
            : null;
    }

    private static string[]? FindScripts()
    {
        var folder = Environment.GetEnvironmentVariable("KAD_TEST_POSTGRES_SCRIPTS");
        if (!Directory.Exists(folder))
        {
            return null;
        }

        var found = ScriptNames
            .Select(name => Directory.EnumerateFiles(folder, name, SearchOption.AllDirectories).FirstOrDefault())
            .OfType<string>()
            .ToArray();
        return found.Length == ScriptNames.Length ? found : null;
    }
}
