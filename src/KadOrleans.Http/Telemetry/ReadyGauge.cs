using System.Diagnostics.Metrics;

namespace KadOrleans.Http;

/// <summary>Exports the result of <c>/health/ready</c> as a metric until disposed, for alarms.</summary>
internal sealed class ReadyGauge : IDisposable
{
    private readonly Meter _meter = new(KadTelemetry.MeterName);

    /// <param name="isReady">Called at each export, from any thread; must not block.</param>
    public ReadyGauge(Func<bool> isReady) => _meter.CreateObservableGauge(
        "kad.process.ready", () => isReady() ? 1 : 0, "{process}", "Whether the process is ready, as /health/ready says: 1 or 0.");

    public void Dispose() => _meter.Dispose();
}
