namespace KadOrleans.Lab;

/// <summary>
/// A Redis of its own on a free port, in a folder that is removed at the end. It writes an append-only file, and has it on disk a second
/// later, as Redis is mostly run.
/// </summary>
public sealed class RedisServer : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _port = FreePort.Tcp().ToString(CultureInfo.InvariantCulture);
    private readonly string[] _args;
    private ChildProcess? _process;

    private RedisServer(string[] args) => _args = args;

    public string Address => $"127.0.0.1:{_port}";

    private string Data => _folder["data"];

    private string Kept => _folder["kept"];

    public static Task<RedisServer> StartAsync(params string[] args) => new RedisServer([.. args]).StartedAsync(server => server.RestartAsync());

    /// <summary>One that takes TLS alone.</summary>
    public static Task<RedisServer> StartWithTlsAsync(string certificate, string key, string authority, params string[] args) => StartAsync(
        ["--tls", "--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", authority, .. args]);

    public async Task RestartAsync()
    {
        Directory.CreateDirectory(Data);
        var isTls = _args is ["--tls", ..];
        string[] args =
        [
            "--port", isTls ? "0" : _port, "--bind", "127.0.0.1", "--dir", Data, "--save", "", "--appendonly", "yes", "--appendfsync", "everysec",
            .. isTls ? ["--tls-port", _port, .. _args[1..]] : _args,
        ];
        _process = ChildProcess.Start(new ProcessStartInfo("redis-server", args) { WorkingDirectory = Data });
        while (!(await _process.LineAsync(string.Empty)).Contains("Ready to accept connections", StringComparison.Ordinal))
        {
            // It says before what it loads.
        }
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        await _process!.KillAsync();
        await _process.DisposeAsync();
        _process = null;
    }

    /// <summary>Keeps what it has written so far, for <see cref="LoseLaterWritesAsync"/>.</summary>
    public void KeepWrites()
    {
        foreach (var file in Directory.EnumerateFiles(Data, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(Kept, Path.GetRelativePath(Data, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy, overwrite: true);
        }
    }

    /// <summary>Its machine dies, and what was written after <see cref="KeepWrites"/> was not on disk yet.</summary>
    public async Task LoseLaterWritesAsync()
    {
        await KillAsync();
        Directory.Delete(Data, recursive: true);
        Directory.Move(Kept, Data);
        await RestartAsync();
    }

    /// <summary>It comes back with nothing.</summary>
    public async Task EmptyAsync()
    {
        await KillAsync();
        Directory.Delete(Data, recursive: true);
        await RestartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _folder.Dispose();
    }
}
