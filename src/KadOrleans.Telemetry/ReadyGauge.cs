using System.Diagnostics.Metrics;

namespace KadOrleans.Telemetry;

/// <summary>Reports, until it is disposed, what <c>/health/ready</c> says, so that an alarm needs no second way to ask.</summary>
public sealed class ReadyGauge : IDisposable
{
    private readonly Meter _meter = new(TelemetryExport.SourceName);

    /// <param name="isReady">Asked at each export, from any thread; never waits.</param>
    public ReadyGauge(Func<bool> isReady) => _meter.CreateObservableGauge(
        "kad.process.ready", () => isReady() ? 1 : 0, "{process}", "Whether the process is ready, as /health/ready says: 1 or 0.");

    /// <summary>Reports no more.</summary>
    public void Dispose() => _meter.Dispose();
}
