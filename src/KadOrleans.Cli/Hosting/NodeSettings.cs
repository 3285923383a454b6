using KadOrleans.Core;
using KadOrleans.Hosting.Http;
using KadOrleans.Hosting.Telemetry;
using KadOrleans.Node;
using KadOrleans.Node.Joining;
using Microsoft.Extensions.Configuration;

namespace KadOrleans.Cli.Hosting;

/// <summary>The checked settings of <c>kad node</c>.</summary>
internal sealed record NodeSettings
{
    /// <summary>The engine's options.</summary>
    public required KadNodeOptions Node { get; init; }

    /// <summary>Where it listens; at least one.</summary>
    public required IReadOnlyList<UdpEndpoint> Listen { get; init; }

    /// <summary>The nodes to join through.</summary>
    public required IReadOnlyList<HostAddress> Bootstrap { get; init; }

    /// <summary>The data folder; null keeps all in memory.</summary>
    public required string? Data { get; init; }

    /// <summary>Where the status pages are, if anywhere.</summary>
    public required HttpPlace? Http { get; init; }

    /// <summary>The file of the API's tokens, if one is given.</summary>
    public required string? HttpTokens { get; init; }

    /// <summary>Where metrics and traces go, if anywhere.</summary>
    public required TelemetryOptions? Telemetry { get; init; }

    /// <summary>Whether debug messages are logged.</summary>
    public required bool Verbose { get; init; }

    /// <summary>The process's environment, which has OpenTelemetry's own variables, with an option.</summary>
    public static IConfiguration EnvironmentWith(string option, string? value) =>
        new ConfigurationBuilder().AddEnvironmentVariables().AddInMemoryCollection([KeyValuePair.Create(option, value)]).Build();
}
