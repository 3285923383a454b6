using System.Reflection;
using Microsoft.Extensions.Configuration;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace KadOrleans.Http;

// Sends metrics, traces and logs to a collector in the background. If the collector does not respond the data is dropped, without further effect.
internal static class TelemetryExport
{
    // The default ratio of sampled traces, which OTEL_TRACES_SAMPLER overrides. It is low because each STORE of an edge makes a
    // trace.
    private const double TraceRatio = 0.01;

    // While it is on, as by default on .NET 10, spans of HTTP requests have neither method nor route. It has to be off before the
    // first server is made.
    private const string SuppressHttpTags = "Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData";

    private static readonly string[] Meters = ["System.Runtime", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel"];

    /// <summary>
    /// Adds an export that starts before all services added later, and stops after them. Without options it adds nothing. The configuration
    /// has OpenTelemetry's own variables, such as intervals and headers. The description has attributes of this process besides those
    /// that each has, and is asked for once the services are there. Libraries are the names of further meters and activity sources.
    /// </summary>
    public static IServiceCollection AddKadTelemetry(
        this IServiceCollection services,
        TelemetryOptions? options,
        IConfiguration configuration,
        Func<IServiceProvider, IReadOnlyList<KeyValuePair<string, object>>>? describe = null,
        IEnumerable<string>? libraries = null)
    {
        if (options is null)
        {
            return services;
        }

        var telemetry = services.AddOpenTelemetry().ConfigureResource(resource => Describe(resource, options, configuration, describe));
        if (options.SendsMetrics)
        {
            telemetry.WithMetrics(metrics => metrics
                .AddKadInstrumentation()
                .AddMeter([.. Meters, .. libraries ?? []])
                .AddOtlpExporter(exporter => Address(exporter, options, "v1/metrics")));
        }

        if (options.SendsTraces)
        {
            AppContext.SetSwitch(SuppressHttpTags, false);
            telemetry.WithTracing(traces =>
            {
                traces.AddKadInstrumentation()
                    .AddSource(["Microsoft.AspNetCore", .. libraries ?? []])
                    .AddProcessor<PathRemoval>()
                    .AddOtlpExporter(exporter => Address(exporter, options, "v1/traces"));
                if (string.IsNullOrEmpty(configuration["OTEL_TRACES_SAMPLER"]))
                {
                    traces.SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(TraceRatio)));
                }
            });
        }

        if (options.SendsLogs)
        {
            telemetry.WithLogging(
                logs => logs.AddProcessor<EventIds>().AddOtlpExporter(exporter => Address(exporter, options, "v1/logs")),
                logger => (logger.IncludeScopes, logger.IncludeFormattedMessage) = (true, true));
        }

        return services.AddSingleton<TelemetryFlush>().AddHostedService(provider => provider.GetRequiredService<TelemetryFlush>());
    }

    /// <summary>Starts the export of a program without a host. It ends when the services are disposed.</summary>
    public static void Start(IServiceProvider services) => services.GetServices<IHostedService>();

    /// <summary>Sends why the process ends, and what is left, if there is an export: for a process that ends without stopping its host.</summary>
    public static Task EndAsync(IServiceProvider services, string reason)
    {
        if (services.GetService<TelemetryFlush>() is not { } flush)
        {
            return Task.CompletedTask;
        }

        ConsoleLogMessages.Ended(services.GetRequiredService<ILoggerFactory>().CreateLogger(ConsoleLog.Category), reason);
        return flush.StopAsync(CancellationToken.None);
    }

    private static void Address(OtlpExporterOptions exporter, TelemetryOptions options, string path)
    {
        exporter.Protocol = options.UsesGrpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
        exporter.Endpoint = new Uri(options.UsesGrpc ? options.Endpoint : $"{options.Endpoint.TrimEnd('/')}/{path}");
    }

    private static void Describe(
        ResourceBuilder resource,
        TelemetryOptions options,
        IConfiguration configuration,
        Func<IServiceProvider, IReadOnlyList<KeyValuePair<string, object>>>? describe)
    {
        var version = Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        var environment = configuration["DOTNET_ENVIRONMENT"] ?? configuration["ASPNETCORE_ENVIRONMENT"];

        // Unlike a random id, it identifies the pod or process.
        resource.AddService(
            options.ServiceName, serviceVersion: version?.Split('+')[0], serviceInstanceId: $"{Environment.MachineName}-{Environment.ProcessId}");
        if (!string.IsNullOrWhiteSpace(environment))
        {
#pragma warning disable CA1308 // OpenTelemetry's own examples are in lower case, and .NET's environments begin with a capital.
            resource.AddAttributes([KeyValuePair.Create("deployment.environment.name", (object)environment.Trim().ToLowerInvariant())]);
#pragma warning restore CA1308
        }

        if (describe is not null)
        {
            resource.AddDetector(services => new ProcessAttributes(describe(services)));
        }

        // Last, so that OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME override what is above.
        resource.AddEnvironmentVariableDetector();
    }

    private sealed class ProcessAttributes(IReadOnlyList<KeyValuePair<string, object>> attributes) : IResourceDetector
    {
        public Resource Detect() => new(attributes);
    }
}
