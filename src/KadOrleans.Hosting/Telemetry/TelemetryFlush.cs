using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace KadOrleans.Hosting;

/// <summary>Sends the remaining data when a host stops, or is disposed because its start failed. Never fails.</summary>
internal sealed class TelemetryFlush(MeterProvider metrics, TracerProvider traces) : IHostedService, IDisposable
{
    // The timeout of the last export. Even if the collector hangs, a stop must stay within the time that orchestrators allow.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);

    private Task? _end;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken)
    {
        var milliseconds = (int)Timeout.TotalMilliseconds;
        return _end ??= Task.WhenAll(Task.Run(() => metrics.Shutdown(milliseconds)), Task.Run(() => traces.Shutdown(milliseconds)));
    }

    public void Dispose() => StopAsync(CancellationToken.None).Wait();
}
