using KadOrleans;

namespace OpenTelemetry.Metrics;

/// <summary>Adds the metrics of KadOrleans to a program's OpenTelemetry.</summary>
/// <remarks>In this namespace, as programs that collect metrics have it already.</remarks>
public static class KadMeterProviderBuilderExtensions
{
    // An edge and a silo are run by Orleans: its calls, activations and connections explain what theirs do. A node has no such meter.
    private static readonly string[] Meters = [KadTelemetry.MeterName, "Microsoft.Orleans"];

    /// <summary>
    /// Collects the metrics of the nodes, edges and silos of this process, and those of Orleans, on which edges and silos run. A second call adds
    /// nothing.
    /// </summary>
    /// <param name="builder">The builder of what collects metrics.</param>
    public static MeterProviderBuilder AddKadInstrumentation(this MeterProviderBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddMeter(Meters);
    }
}
