using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace KadOrleans.Hosting.Telemetry;

/// <summary>
/// Sends metrics and traces to a collector in the background until disposed. If the collector does not respond the data is dropped, without
/// further effect.
/// </summary>
internal sealed class TelemetryExport : IDisposable
{
    /// <summary>The meter and the activity source of this project.</summary>
    public const string SourceName = "KadOrleans";

    /// <summary>
    /// The timeout of the last export. Even if the collector hangs, a stop must stay within the time that orchestrators allow.
    /// </summary>
    public static readonly TimeSpan FlushTime = TimeSpan.FromSeconds(3);

    /// <summary>
    /// The default ratio of sampled traces, which <c>OTEL_TRACES_SAMPLER</c> overrides. It is low because each STORE of an edge makes a
    /// trace.
    /// </summary>
    private const double TraceRatio = 0.01;

    private static readonly string[] Meters = [SourceName, "Microsoft.Orleans", "System.Runtime"];

    private static readonly string[] Sources =
    [
        SourceName,
        "Microsoft.Orleans.Application", "Microsoft.Orleans.Runtime", "Microsoft.Orleans.Lifecycle", "Microsoft.Orleans.Storage",
    ];

    private readonly MeterProvider _metrics;
    private readonly TracerProvider _traces;
    private Task? _end;

    private TelemetryExport(MeterProvider metrics, TracerProvider traces) => (_metrics, _traces) = (metrics, traces);

    /// <summary>Starts to collect and to send.</summary>
    /// <param name="options">The destination.</param>
    /// <param name="configuration">The configuration with OpenTelemetry's own variables, such as intervals and headers.</param>
    public static TelemetryExport Start(TelemetryOptions options, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(configuration);
        var resource = Describe(options, configuration);
        var metrics = Sdk.CreateMeterProviderBuilder()
            .ConfigureServices(services => services.AddSingleton(configuration))
            .SetResourceBuilder(resource)
            .AddMeter(Meters)
            .AddOtlpExporter(exporter => Address(exporter, options, "v1/metrics"))
            .Build();
        var traces = Sdk.CreateTracerProviderBuilder()
            .ConfigureServices(services => services.AddSingleton(configuration))
            .SetResourceBuilder(resource)
            .AddSource(Sources);
        if (string.IsNullOrEmpty(configuration["OTEL_TRACES_SAMPLER"]))
        {
            traces.SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(TraceRatio)));
        }

        return new TelemetryExport(metrics, traces.AddOtlpExporter(exporter => Address(exporter, options, "v1/traces")).Build());
    }

    /// <summary>
    /// Sends the remaining data, for at most <see cref="FlushTime"/>, and stops. Never fails. Later calls wait for the first.
    /// </summary>
    public Task StopAsync()
    {
        var end = _end ??= Task.WhenAll(Task.Run(_metrics.Dispose), Task.Run(_traces.Dispose));
        return Task.WhenAny(end, Task.Delay(FlushTime));
    }

    /// <inheritdoc cref="StopAsync"/>
    public void Dispose() => StopAsync().Wait();

    private static void Address(OtlpExporterOptions exporter, TelemetryOptions options, string path)
    {
        exporter.Protocol = options.UsesGrpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
        exporter.Endpoint = options.UsesGrpc ? options.Endpoint : new Uri($"{options.Endpoint.AbsoluteUri.TrimEnd('/')}/{path}");
    }

    private static ResourceBuilder Describe(TelemetryOptions options, IConfiguration configuration)
    {
        var name = configuration["OTEL_SERVICE_NAME"] is { Length: > 0 } given ? given : options.ServiceName;
        var version = Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        using var process = Process.GetCurrentProcess();

        // Unlike a random id, it identifies the pod or process.
        return ResourceBuilder.CreateDefault().AddService(
            name, serviceVersion: version?.Split('+')[0], serviceInstanceId: $"{Environment.MachineName}-{process.Id}");
    }
}

/// <summary>Registers the export with a host.</summary>
internal static class TelemetryServiceCollectionExtensions
{
    /// <summary>
    /// Adds an export that starts before all services added later, and stops after them. Without options it adds nothing.
    /// </summary>
    public static IServiceCollection AddKadTelemetry(
        this IServiceCollection services, TelemetryOptions? options, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        return options is null
            ? services
            : services.AddSingleton<IHostedService>(_ => new TelemetryService(options, configuration));
    }
}

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

/// <summary>Exports the result of <c>/health/ready</c> as a metric until disposed, for alarms.</summary>
internal sealed class ReadyGauge : IDisposable
{
    private readonly Meter _meter = new(TelemetryExport.SourceName);

    /// <param name="isReady">Called at each export, from any thread; must not block.</param>
    public ReadyGauge(Func<bool> isReady) => _meter.CreateObservableGauge(
        "kad.process.ready", () => isReady() ? 1 : 0, "{process}", "Whether the process is ready, as /health/ready says: 1 or 0.");

    /// <summary>Stops reporting.</summary>
    public void Dispose() => _meter.Dispose();
}
