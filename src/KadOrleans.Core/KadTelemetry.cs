namespace KadOrleans;

/// <summary>
/// The names by which OpenTelemetry takes what this project measures: <c>metrics.AddMeter(KadTelemetry.MeterName)</c> and
/// <c>tracing.AddSource(KadTelemetry.ActivitySourceName)</c>. <c>AddKadInstrumentation()</c> of the package KadOrleans.OpenTelemetry adds
/// both, and those of Orleans.
/// </summary>
public static class KadTelemetry
{
    /// <summary>The meter of all instruments, of a node, an edge, a silo and their storage.</summary>
    public const string MeterName = "KadOrleans";

    /// <summary>The source of the spans of lookups.</summary>
    public const string ActivitySourceName = "KadOrleans";
}
