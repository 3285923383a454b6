using KadOrleans.Hosting.Telemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace KadOrleans.Cli.Hosting;

/// <summary>Where a node's metrics and traces go: as <c>--otlp</c> says, or as OpenTelemetry's own variables do.</summary>
/// <param name="Options">Where to.</param>
/// <param name="Configuration">The process's environment.</param>
internal sealed record NodeTelemetry(TelemetryOptions Options, IConfiguration Configuration)
{
    public const string Option = "--otlp";

    /// <summary>Reads it; null if nothing asks for it.</summary>
    /// <exception cref="CommandException">The option, or a variable, cannot be used.</exception>
    public static NodeTelemetry? Read(string? endpoint)
    {
        var configuration = new ConfigurationBuilder()
            .AddEnvironmentVariables()
            .AddInMemoryCollection([KeyValuePair.Create(Option, endpoint)])
            .Build();
        try
        {
            return TelemetryOptions.Read(configuration, "kad-node", Option) is { } options
                ? new NodeTelemetry(options, configuration)
                : null;
        }
        catch (OptionsValidationException e)
        {
            throw CommandException.WrongUsage(e.Failures.First(), e);
        }
    }

    /// <summary>Begins to send.</summary>
    public TelemetryExport Start() => TelemetryExport.Start(Options, Configuration);
}
