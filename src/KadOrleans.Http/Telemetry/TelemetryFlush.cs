using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace KadOrleans.Http;

/// <summary>Sends the remaining data when a host stops, or is disposed because its start failed. Never fails.</summary>
internal sealed class TelemetryFlush : IHostedService, IDisposable
{
    // The timeout of the last export. Even if the collector hangs, a stop must stay within the time that orchestrators allow.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);

    private readonly MeterProvider? _metrics;
    private readonly TracerProvider? _traces;
    private readonly LoggerProvider? _logs;
    private Task? _end;

    // Null: this kind of data is not sent.
    public TelemetryFlush(IServiceProvider services)
    {
        _metrics = services.GetService<MeterProvider>();
        _traces = services.GetService<TracerProvider>();
        _logs = services.GetService<LoggerProvider>();
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken)
    {
        var milliseconds = (int)Timeout.TotalMilliseconds;
        return _end ??= Task.WhenAll(
            Task.Run(() => _metrics?.Shutdown(milliseconds), CancellationToken.None),
            Task.Run(() => _traces?.Shutdown(milliseconds), CancellationToken.None),
            Task.Run(() => _logs?.Shutdown(milliseconds), CancellationToken.None));
    }

    public void Dispose() => StopAsync(CancellationToken.None).Wait();
}
