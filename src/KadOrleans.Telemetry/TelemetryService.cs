using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace KadOrleans.Telemetry;

/// <summary>Exports from before a host's other services start until after they have stopped.</summary>
internal sealed class TelemetryService(TelemetryOptions options, IConfiguration configuration) : IHostedLifecycleService, IDisposable
{
    private TelemetryExport? _export;

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        _export = TelemetryExport.Start(options, configuration);
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => _export?.StopAsync() ?? Task.CompletedTask;

    // A host whose start failed is disposed without being stopped.
    public void Dispose() => _export?.Dispose();
}
