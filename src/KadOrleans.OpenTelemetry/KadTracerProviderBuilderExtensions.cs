using KadOrleans;

namespace OpenTelemetry.Trace;

/// <summary>Adds the traces of KadOrleans to a program's OpenTelemetry.</summary>
/// <remarks>In this namespace, as programs that collect traces have it already.</remarks>
public static class KadTracerProviderBuilderExtensions
{
    // Each by its name: Microsoft.Orleans.* would add sources of which a cluster has nothing, such as that of durable jobs.
    private static readonly string[] Sources =
    [
        KadTelemetry.ActivitySourceName,
        "Microsoft.Orleans.Application", "Microsoft.Orleans.Runtime", "Microsoft.Orleans.Lifecycle", "Microsoft.Orleans.Storage",
    ];

    /// <summary>
    /// Collects the spans of lookups, and those of Orleans: calls of grains, their activation and their storage. Calls have spans where silo and
    /// client have <c>AddActivityPropagation()</c> of Orleans. A second call adds nothing.
    /// </summary>
    /// <param name="builder">The builder of what collects traces.</param>
    public static TracerProviderBuilder AddKadInstrumentation(this TracerProviderBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddSource(Sources);
    }
}
