using System.Globalization;
using KadOrleans.Testing.Processes;

namespace KadOrleans.Silo.Tests.Processes;

/// <summary>A silo process that can be killed and started again where it was.</summary>
internal sealed class SiloServer(string folder, params string[] settings) : IAsyncDisposable
{
    private readonly string[] _settings =
    [
        "Kad:Http=127.0.0.1:0",
        "Kad:Edge:Enabled=false",
        "Orleans:Endpoints:AdvertisedIPAddress=127.0.0.1",
        $"Kad:Silo:Port={FreePort.Tcp().ToString(CultureInfo.InvariantCulture)}",
        .. settings,
    ];

    private ChildProcess? _process;

    /// <summary>Where clients find it.</summary>
    public int Gateway { get; } = FreePort.Tcp();

    /// <summary>The same, as the setting of an edge.</summary>
    public string GatewaySetting => $"Kad:Cluster:Gateway=127.0.0.1:{Gateway.ToString(CultureInfo.InvariantCulture)}";

    public string Errors => _process?.Error.Text ?? string.Empty;

    /// <summary>The setting for a cluster of 2 to the power of <paramref name="bits"/> shards.</summary>
    public static string ShardBits(int bits) => $"Kad:Cluster:ShardBits={bits.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Starts it and waits until it says that it serves.</summary>
    public async Task StartAsync()
    {
        Launch();
        await _process!.LineAsync("health ");
    }

    /// <summary>Starts it.</summary>
    public void Launch() => _process = ChildProcess.StartForFileLimits(
        "KadOrleans.Silo", folder, [.. _settings, $"Kad:Silo:GatewayPort={Gateway.ToString(CultureInfo.InvariantCulture)}"]);

    /// <summary>Waits until it ends by itself, and returns the exit code.</summary>
    public Task<int> ExitAsync() => _process!.ExitAsync();

    /// <summary>SIGKILL, and its end.</summary>
    public async Task KillAsync()
    {
        await _process!.KillAsync();
        await _process.DisposeAsync();
    }

    /// <summary>It hangs: SIGSTOP.</summary>
    public Task HangAsync() => _process!.SignalAsync("STOP");

    /// <summary>It goes on after <see cref="HangAsync"/>.</summary>
    public Task ContinueAsync() => _process!.SignalAsync("CONT");

    /// <summary>Its disk is full: no file may grow.</summary>
    public Task FillDiskAsync() => _process!.LimitFilesAsync("1");

    /// <summary>There is room again after <see cref="FillDiskAsync"/>.</summary>
    public Task ClearDiskAsync() => _process!.LimitFilesAsync("unlimited");

    /// <summary>SIGTERM, and the exit code.</summary>
    public Task<int> StopAsync() => _process!.StopAsync();

    public ValueTask DisposeAsync() => _process?.DisposeAsync() ?? ValueTask.CompletedTask;
}
