using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace KadOrleans.Hosting.Telemetry;

/// <summary>Where metrics and traces go, and under which name.</summary>
internal sealed record TelemetryOptions
{
    /// <summary>The executables' own setting. It overrides <see cref="StandardSetting"/>.</summary>
    public const string EndpointSetting = "Kad:Telemetry:Endpoint";

    /// <summary>OpenTelemetry's variable for the endpoint.</summary>
    public const string StandardSetting = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>OpenTelemetry's variable for the protocol: <c>http/protobuf</c>, the default, or <c>grpc</c>.</summary>
    public const string ProtocolSetting = "OTEL_EXPORTER_OTLP_PROTOCOL";

    private const string HttpProtocol = "http/protobuf";
    private const string GrpcProtocol = "grpc";

    /// <summary>The collector. Over HTTP the signals' paths are appended.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Whether the protocol is gRPC. Default: HTTP.</summary>
    public bool UsesGrpc { get; init; }

    /// <summary>The value of <c>service.name</c>, unless <c>OTEL_SERVICE_NAME</c> is set.</summary>
    public required string ServiceName { get; init; }

    /// <summary>Reads the options. Null if no endpoint is set: telemetry is off.</summary>
    /// <param name="configuration">With the executable's setting and the <c>OTEL_</c> variables.</param>
    /// <param name="serviceName">The executable's name.</param>
    /// <param name="setting">The executable's own name for the endpoint.</param>
    /// <exception cref="OptionsValidationException">A setting is wrong. The message names it.</exception>
    public static TelemetryOptions? Read(IConfiguration configuration, string serviceName, string setting = EndpointSetting)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var name = string.IsNullOrWhiteSpace(configuration[setting]) ? StandardSetting : setting;
        var text = configuration[name]?.Trim();
        return string.IsNullOrEmpty(text)
            ? null
            : new TelemetryOptions
            {
                Endpoint = ReadEndpoint(name, text),
                UsesGrpc = ReadProtocol(configuration[ProtocolSetting]?.Trim()),
                ServiceName = serviceName,
            };
    }

    private static Uri ReadEndpoint(string name, string text)
    {
        const string needed = "the http:// or https:// address of an OTLP collector is needed, such as http://127.0.0.1:4318";
        if (!Uri.TryCreate(text, UriKind.Absolute, out var endpoint) || endpoint.Scheme is not ("http" or "https"))
        {
            throw Wrong($"{name} is '{text}'; {needed}.");
        }

        // Refused, as a password in it would not be sent, and would be printed.
        return endpoint is { UserInfo: "", Query: "", Fragment: "" }
            ? endpoint
            : throw Wrong($"{name} has a user, a query or a fragment; {needed}, and OTEL_EXPORTER_OTLP_HEADERS for credentials.");
    }

    private static bool ReadProtocol(string? text) => text switch
    {
        null or "" or HttpProtocol => false,
        GrpcProtocol => true,
        _ => throw Wrong($"{ProtocolSetting} is '{text}'; {HttpProtocol} or {GrpcProtocol} is allowed."),
    };

    private static OptionsValidationException Wrong(string sentence) =>
        new(nameof(TelemetryOptions), typeof(TelemetryOptions), [sentence]);
}
