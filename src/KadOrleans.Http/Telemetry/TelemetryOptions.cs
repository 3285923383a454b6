using Microsoft.Extensions.Configuration;

namespace KadOrleans.Http;

/// <summary>Where metrics, traces and logs go.</summary>
internal sealed class TelemetryOptions
{
    private const string EndpointSetting = "Kad:Telemetry:Endpoint";
    private const string StandardSetting = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string ProtocolSetting = "OTEL_EXPORTER_OTLP_PROTOCOL";

    /// <summary>The collector, of http:// or https://. Over HTTP <c>/v1/metrics</c>, <c>/v1/traces</c> and <c>/v1/logs</c> are appended.</summary>
    public string Endpoint { get; set; } = string.Empty;

    public bool UsesGrpc { get; private init; }

    public bool SendsMetrics { get; private init; }

    public bool SendsTraces { get; private init; }

    public bool SendsLogs { get; private init; }

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

        var options = new TelemetryOptions
        {
            Endpoint = text,
            UsesGrpc = protocol == "grpc",
            ServiceName = serviceName,
            SendsMetrics = Sends("OTEL_METRICS_EXPORTER", configuration, checks),
            SendsTraces = Sends("OTEL_TRACES_EXPORTER", configuration, checks),
            SendsLogs = Sends("OTEL_LOGS_EXPORTER", configuration, checks),
        };
        checks.ThrowIfWrong();
        return options;
    }

    private static bool Sends(string setting, IConfiguration configuration, OptionChecks checks)
    {
        var exporter = configuration[setting]?.Trim();
        if (exporter is not (null or "" or "otlp" or "none"))
        {
            checks.Add(setting, exporter, "otlp or none is allowed");
        }

        return exporter != "none";
    }
}
