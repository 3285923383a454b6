using System.Reflection;
using Microsoft.Extensions.Configuration;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace KadOrleans.Hosting;

// Sends metrics and traces to a collector in the background. If the collector does not respond the data is dropped, without further effect.
public static class TelemetryExport
{
    public const string SourceName = "KadOrleans";

    // The default ratio of sampled traces, which OTEL_TRACES_SAMPLER overrides. It is low because each STORE of an edge makes a
    // trace.
    private const double TraceRatio = 0.01;

    private static readonly string[] Meters = [SourceName, "Microsoft.Orleans", "System.Runtime"];

    private static readonly string[] Sources =
    [
        SourceName,
        "Microsoft.Orleans.Application", "Microsoft.Orleans.Runtime", "Microsoft.Orleans.Lifecycle", "Microsoft.Orleans.Storage",
    ];

    // Adds an export that starts before all services added later, and stops after them. Without options it adds nothing. The
    // configuration has OpenTelemetry's own variables, such as intervals and headers.
    public static IServiceCollection AddKadTelemetry(
        this IServiceCollection services, TelemetryOptions? options, IConfiguration configuration)
    {
        if (options is null)
        {
            return services;
        }

        services.AddOpenTelemetry()
            .ConfigureResource(resource => Describe(resource, options, configuration))
            .WithMetrics(metrics => metrics.AddMeter(Meters).AddOtlpExporter(exporter => Address(exporter, options, "v1/metrics")))
            .WithTracing(traces =>
            {
                traces.AddSource(Sources).AddOtlpExporter(exporter => Address(exporter, options, "v1/traces"));
                if (string.IsNullOrEmpty(configuration["OTEL_TRACES_SAMPLER"]))
                {
                    traces.SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(TraceRatio)));
                }
            });
        return services.AddHostedService<TelemetryFlush>();
    }

    /// <summary>Starts an export for a program without a host. It ends when the result is disposed.</summary>
    public static IDisposable Start(TelemetryOptions options)
    {
        IConfiguration configuration = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        var services = new ServiceCollection().AddSingleton(configuration).AddKadTelemetry(options, configuration).BuildServiceProvider();
        services.GetServices<IHostedService>();
        return services;
    }

    private static void Address(OtlpExporterOptions exporter, TelemetryOptions options, string path)
    {
        exporter.Protocol = options.UsesGrpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
        exporter.Endpoint = new Uri(options.UsesGrpc ? options.Endpoint : $"{options.Endpoint.TrimEnd('/')}/{path}");
    }

    private static void Describe(ResourceBuilder resource, TelemetryOptions options, IConfiguration configuration)
    {
        var name = configuration["OTEL_SERVICE_NAME"] is { Length: > 0 } given ? given : options.ServiceName;
        var version = Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;

        // Unlike a random id, it identifies the pod or process.
        resource.AddService(
            name, serviceVersion: version?.Split('+')[0], serviceInstanceId: $"{Environment.MachineName}-{Environment.ProcessId}");
    }
}
