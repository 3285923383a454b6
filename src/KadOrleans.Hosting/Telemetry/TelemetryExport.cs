using System.Diagnostics.Metrics;
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

/// <summary>Exports the result of <c>/health/ready</c> as a metric until disposed, for alarms.</summary>
public sealed class ReadyGauge : IDisposable
{
    private readonly Meter _meter = new(TelemetryExport.SourceName);

    /// <param name="isReady">Called at each export, from any thread; must not block.</param>
    public ReadyGauge(Func<bool> isReady) => _meter.CreateObservableGauge(
        "kad.process.ready", () => isReady() ? 1 : 0, "{process}", "Whether the process is ready, as /health/ready says: 1 or 0.");

    public void Dispose() => _meter.Dispose();
}

/// <summary>Where metrics and traces go, and under which name.</summary>
public sealed class TelemetryOptions
{
    private const string EndpointSetting = "Kad:Telemetry:Endpoint";
    private const string StandardSetting = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string ProtocolSetting = "OTEL_EXPORTER_OTLP_PROTOCOL";

    /// <summary>The collector, of http:// or https://. Over HTTP <c>/v1/metrics</c> and <c>/v1/traces</c> are appended.</summary>
    public string Endpoint { get; set; } = string.Empty;

    public bool UsesGrpc { get; private init; }

    /// <summary>The value of <c>service.name</c>, unless <c>OTEL_SERVICE_NAME</c> is set.</summary>
    public string ServiceName { get; private init; } = string.Empty;

    // Reads the options. Null if no endpoint is set: telemetry is off. The executable's own setting overrides OpenTelemetry's variable.
    public static TelemetryOptions? Read(IConfiguration configuration, string serviceName, string setting = EndpointSetting)
    {
        var checks = new OptionChecks(string.Empty, ':');
        var name = string.IsNullOrWhiteSpace(configuration[setting]) ? StandardSetting : setting;
        var protocol = configuration[ProtocolSetting]?.Trim();
        if (configuration[name]?.Trim() is not { Length: > 0 } text)
        {
            return null;
        }

        const string needed = "the http:// or https:// address of an OTLP collector is needed, such as http://127.0.0.1:4318";
        if (!Uri.TryCreate(text, UriKind.Absolute, out var endpoint) || endpoint.Scheme is not ("http" or "https"))
        {
            checks.Add(name, text, needed);
        }
        else if (endpoint is not { UserInfo: "", Query: "", Fragment: "" })
        {
            // Refused, as a password in it would not be sent, and would be printed.
            checks.Problems.Add($"{name} has a user, a query or a fragment; {needed}, and OTEL_EXPORTER_OTLP_HEADERS for credentials.");
        }

        if (protocol is not (null or "" or "http/protobuf" or "grpc"))
        {
            checks.Add(ProtocolSetting, protocol, "http/protobuf or grpc is allowed");
        }

        checks.ThrowIfWrong();
        return new TelemetryOptions { Endpoint = text, UsesGrpc = protocol == "grpc", ServiceName = serviceName };
    }
}
