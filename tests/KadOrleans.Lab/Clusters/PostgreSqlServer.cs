namespace KadOrleans.Lab;

/// <summary>A PostgreSQL server of its own with the cluster's schema, in a folder that is removed at the end.</summary>
public sealed class PostgreSqlServer : IAsyncDisposable
{
    private const string Schema = "infra/postgresql/schema.sql";

    private static readonly string[] ScriptNames =
        ["PostgreSQL-Main.sql", "PostgreSQL-Clustering.sql", "PostgreSQL-Persistence.sql", "PostgreSQL-Reminders.sql"];

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
    private static readonly string? Binaries = FindBinaries();

    // An empty cluster of databases, which each server begins as a copy of: to make one takes a second.
    private static readonly Lazy<Task<string>> Template = new(MakeTemplateAsync);

    private readonly string _folder = Directory.CreateTempSubdirectory("kad-postgres-").FullName;
    private readonly MemberHost _host;
    private readonly string _port = FreePort.Tcp().ToString(CultureInfo.InvariantCulture);

    private PostgreSqlServer(MemberHost host) => _host = host;

    /// <summary>
    /// Orleans' own scripts, in their order: found by their names under the folder that <c>KAD_TEST_POSTGRES_SCRIPTS</c> names. Empty if
    /// one is not there.
    /// </summary>
    public static IReadOnlyList<string> OrleansScripts { get; } = FindScripts(Environment.GetEnvironmentVariable("KAD_TEST_POSTGRES_SCRIPTS"));

    public string Address => $"{_host.Address}:{_port}";

    private bool IsOnLoopback => IPAddress.IsLoopback(_host.Address);

    public static bool IsThere => Binaries is not null;

    /// <summary>How Npgsql reaches it: few connections, as several processes share the server's hundred.</summary>
    public string ConnectionString => $"Host={_host.Address};Port={_port};Database=postgres;Username=postgres;Maximum Pool Size=20";

    private string Data => Path.Combine(_folder, "data");

    public static Task<PostgreSqlServer> StartAsync(string? build = null, MemberHost? host = null) => Binaries is null
        ? throw new InvalidOperationException("PostgreSQL is not in /usr/lib/postgresql.")
        : StartAsync(host ?? MemberHost.Local, server => server.CreateAsync(FindSchema(build) ?? Repository.Path(Schema)));

    /// <summary>Makes and starts a standby of this server, without which nothing is committed from then on.</summary>
    public Task<PostgreSqlServer> StartStandbyAsync() => StartAsync(_host, standby => standby.FollowAsync(this));

    public Task PromoteAsync() => RunAsync("pg_ctl", "-D", Data, "-w", "promote");

    /// <summary>A server that does not run starts as a standby of another, which commits nothing without it from then on.</summary>
    public async Task FollowAsync(PostgreSqlServer primary)
    {
        if (Directory.Exists(Data))
        {
            Directory.Delete(Data, recursive: true);
        }

        await RunAsync("pg_basebackup", "-h", "127.0.0.1", "-p", primary._port, "-U", "postgres", "-D", Data, "-R", "-X", "stream", "-c", "fast");
        await RestartAsync();
        await primary.RunSqlAsync("-c", "ALTER SYSTEM SET synchronous_standby_names = '*'", "-c", "SELECT pg_reload_conf()");
    }

    public Task KillAsync() => StopAsync("immediate");

    public Task StopAsync() => StopAsync("fast");

    public Task RestartAsync() => RunAsync(
        "pg_ctl", "-D", Data, "-l", Path.Combine(_folder, "log"), "-w", "-o",
        $"-p {_port} -c listen_addresses={(IsOnLoopback ? "127.0.0.1" : $"127.0.0.1,{_host.Address}")} -c unix_socket_directories={_folder}", "start");

    /// <summary>All its processes hang: SIGSTOP, first to the one that starts the others.</summary>
    public async Task HangAsync()
    {
        await SignalAsync("STOP", [Postmaster]);
        await SignalAsync("STOP", Children());
    }

    public Task ContinueAsync() => SignalAsync("CONT", [.. Children(), Postmaster]);

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
        {
            await ContinueAsync();
            await KillAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static Task<PostgreSqlServer> StartAsync(MemberHost host, Func<PostgreSqlServer, Task> start) =>
        new PostgreSqlServer(host).StartedAsync(async server =>
        {
            await TakeFolderAsync(server._folder);
            await start(server);
        });

    private async Task CreateAsync(string schema)
    {
        await RunToolAsync("cp", "-a", await Template.Value, Data);
        if (!IsOnLoopback)
        {
            await File.AppendAllTextAsync(Path.Combine(Data, "pg_hba.conf"), $"host all all {_host.Range} trust\n");
        }

        await RestartAsync();
        await RunSqlAsync("-f", schema);
    }

    private static async Task<string> MakeTemplateAsync()
    {
        var folder = Directory.CreateTempSubdirectory("kad-postgres-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        await TakeFolderAsync(folder);
        var data = Path.Combine(folder, "data");
        await RunAsync("initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-locale", "-E", "UTF8");
        return data;
    }

    private static async Task TakeFolderAsync(string folder)
    {
        if (Environment.IsPrivilegedProcess)
        {
            await RunToolAsync("chown", "postgres", folder);
        }
    }

    private Task RunSqlAsync(params string[] what) => RunToolAsync(
        Path.Combine(Binaries!, "psql"), ["-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", _port, "-U", "postgres", .. what]);

    private string Postmaster => File.ReadLines(Path.Combine(Data, "postmaster.pid")).First();

    // Each session and each worker is a child of the postmaster in a session of its own.
    private string[] Children()
    {
        var parent = $"PPid:\t{Postmaster}";
        return [.. Directory.EnumerateDirectories("/proc")
            .Select(folder => Path.GetFileName(folder))
            .Where(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _) && IsChild(name, parent))];
    }

    private static bool IsChild(string process, string parent)
    {
        try
        {
            return File.ReadLines($"/proc/{process}/status").Contains(parent);
        }
        catch (IOException)
        {
            // It has ended.
            return false;
        }
    }

    private static async Task SignalAsync(string signal, IReadOnlyCollection<string> processes)
    {
        // One of them may end before it gets the signal, which makes kill complain.
        var start = new ProcessStartInfo("kill", [$"-{signal}", .. processes]) { RedirectStandardError = true };
        using var kill = Process.Start(start)!;
        await kill.WaitForExitAsync();
    }

    private Task StopAsync(string mode) => RunAsync("pg_ctl", "-D", Data, "-m", mode, "-w", "stop");

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

    private static string[] FindScripts(string? folder)
    {
        if (!Directory.Exists(folder))
        {
            return [];
        }

        var found = ScriptNames
            .Select(name => Directory.EnumerateFiles(folder, name, SearchOption.AllDirectories).FirstOrDefault())
            .OfType<string>()
            .ToArray();
        return found.Length == ScriptNames.Length ? found : [];
    }

    private static string? FindSchema(string? build) =>
        build is not null && Repository.Above(build) is { } root && Path.Combine(root, Schema) is var schema && File.Exists(schema) ? schema : null;
}

/// <summary>A PostgreSQL server and its standby, which has each commit before it is told to anybody, and takes over when the first is killed.</summary>
public sealed class PostgreSqlPair : IAsyncDisposable
{
    private PostgreSqlPair(PostgreSqlServer primary, PostgreSqlServer standby) => (Primary, Standby) = (primary, standby);

    public PostgreSqlServer Primary { get; private set; }

    public PostgreSqlServer Standby { get; private set; }

    public string ConnectionString =>
        $"Host={Primary.Address},{Standby.Address};Target Session Attributes=primary;Database=postgres;Username=postgres;Maximum Pool Size=20";

    public static async Task<PostgreSqlPair> StartAsync(PostgreSqlServer primary) => new(primary, await primary.StartStandbyAsync());

    public async Task FailOverAsync()
    {
        await Primary.KillAsync();
        await Standby.PromoteAsync();
        (Primary, Standby) = (Standby, Primary);
    }

    /// <summary>After <see cref="FailOverAsync"/> the server that ended comes back as a standby.</summary>
    public Task RejoinAsync() => Standby.FollowAsync(Primary);

    public async ValueTask DisposeAsync()
    {
        await Standby.DisposeAsync();
        await Primary.DisposeAsync();
    }
}
