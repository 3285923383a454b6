namespace KadOrleans.Lab;

/// <summary>PgBouncer before a PostgreSQL server. It has fewer connections to the server than its clients have to it.</summary>
public sealed class PgBouncerServer : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly ChildProcess _process;

    private PgBouncerServer(TemporaryFolder folder, ChildProcess process, string connectionString) =>
        (_folder, _process, ConnectionString) = (folder, process, connectionString);

    public string ConnectionString { get; }

    /// <summary>Starts it, with a pool mode such as <c>transaction</c>, and by default few sessions, or many in mode <c>session</c>.</summary>
    public static async Task<PgBouncerServer> StartAsync(PostgreSqlServer server, string mode, int? sessions = null)
    {
        var folder = new TemporaryFolder();
        var port = FreePort.Tcp();
        var users = folder["users.txt"];
        var settings = folder["pgbouncer.ini"];
        await File.WriteAllTextAsync(users, "\"postgres\" \"\"\n");
        await File.WriteAllTextAsync(
            settings,
            $"""
            [databases]
            * = host={server.Address.Split(':')[0]} port={server.Address.Split(':')[1]}

            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {port}
            unix_socket_dir =
            auth_type = trust
            auth_file = {users}
            pool_mode = {mode}
            default_pool_size = {sessions ?? (mode == "session" ? 60 : 3)}
            """);
        var process = ChildProcess.Start(StartInfo(folder.Path, settings));
        var bouncer = new PgBouncerServer(
            folder, process, $"Host=127.0.0.1;Port={port};Database=postgres;Username=postgres;Maximum Pool Size=20");
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await process.Error.NextAsync(deadline.Token) is { } line)
        {
            if (line.Contains("listening on 127.0.0.1", StringComparison.Ordinal))
            {
                return bouncer;
            }
        }

        var errors = process.Error.Text;
        await bouncer.DisposeAsync();
        throw new InvalidOperationException($"pgbouncer does not listen; its errors were: {errors}");
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }

    // It refuses to run as root. Debian's PostgreSQL has a user.
    private static ProcessStartInfo StartInfo(string folder, string settings)
    {
        if (!Environment.IsPrivilegedProcess || OperatingSystem.IsWindows())
        {
            return new ProcessStartInfo(Machine.PgBouncer!, [settings]);
        }

        File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        return new ProcessStartInfo(
            "setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", Machine.PgBouncer!, settings]);
    }
}
