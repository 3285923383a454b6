using System.Net;
using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;
using KadOrleans.Hosting.Http;
using KadOrleans.Hosting.Telemetry;
using KadOrleans.Node;
using KadOrleans.Node.Joining;
using KadOrleans.Node.RandomWalks;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace KadOrleans.Cli.Hosting;

/// <summary>The checked settings of <c>kad node</c>.</summary>
internal sealed record NodeSettings
{
    /// <summary>The option with the collector's address.</summary>
    public const string OtlpOption = "--otlp";

    /// <summary>Where it listens; at least one.</summary>
    public required IReadOnlyList<UdpEndpoint> Listen { get; init; }

    /// <summary>The nodes to join through.</summary>
    public required IReadOnlyList<HostAddress> Bootstrap { get; init; }

    /// <summary>The bootstrap nodes as typed.</summary>
    public required IReadOnlyList<string> BootstrapTexts { get; init; }

    /// <summary>The data folder; null keeps all in memory.</summary>
    public required string? Data { get; init; }

    /// <summary>The requested id, if any.</summary>
    public required NodeId? Id { get; init; }

    /// <summary>Trusted address ranges.</summary>
    public required IReadOnlyList<string> Trust { get; init; }

    /// <summary>The limits on bytes of responses per second.</summary>
    public UploadLimits Upload { get; init; } = new();

    /// <summary>How much the node holds for others.</summary>
    public StoreQuota Quota { get; init; } = new();

    /// <summary>The most keys that memory can hold.</summary>
    public int MostKeys { get; init; } = int.MaxValue;

    /// <summary>Bytes of values in memory, where there is a data folder.</summary>
    public long CacheBytes { get; init; }

    /// <summary>The options of random walks.</summary>
    public RandomWalkOptions RandomWalk { get; init; } = new();

    /// <summary>Paths of one lookup that share no contact.</summary>
    public int DisjointPaths { get; init; } = new KademliaOptions().DisjointPaths;

    /// <summary>Where the status pages are, if anywhere.</summary>
    public required IPEndPoint? Http { get; init; }

    /// <summary>The allowed host names of the status pages.</summary>
    public HostNames HttpHosts { get; init; } = HostNames.None;

    /// <summary>The file of the API's tokens, if one is given.</summary>
    public string? HttpTokens { get; init; }

    /// <summary>The most open connections of HTTP.</summary>
    public int HttpConnections { get; init; } = HttpLimits.MaxConnections;

    /// <summary>Where metrics and traces go, if anywhere.</summary>
    public TelemetryOptions? Telemetry { get; init; }

    /// <summary>Whether every jump of the system's clock is trusted.</summary>
    public bool TrustClock { get; init; }

    /// <summary>Whether debug messages are logged.</summary>
    public required bool Verbose { get; init; }

    /// <summary>The process's environment: OpenTelemetry's own variables are read from it.</summary>
    public static IConfiguration Environment => new ConfigurationBuilder().AddEnvironmentVariables().Build();

    /// <summary>
    /// Reads the destination of metrics and traces, from the option or OpenTelemetry's own variables. Null if there is none.
    /// </summary>
    /// <param name="endpoint">The option's value, if it was given.</param>
    /// <exception cref="OptionsValidationException">The option, or a variable, cannot be used.</exception>
    public static TelemetryOptions? ReadTelemetry(string? endpoint) => TelemetryOptions.Read(
        new ConfigurationBuilder()
            .AddConfiguration(Environment)
            .AddInMemoryCollection([KeyValuePair.Create(OtlpOption, endpoint)])
            .Build(),
        "kad-node",
        OtlpOption);

    /// <summary>Applies the settings to a node's options.</summary>
    public void Apply(KadNodeOptions options)
    {
        options.Id = Id?.ToString();
        options.RandomWalk = RandomWalk;
        options.Upload = Upload;
        options.Quota = Quota;
        options.CacheBytes = CacheBytes;
        options.MostKeys = MostKeys;
        options.TrustClock = TrustClock;
        options.Kademlia.DisjointPaths = DisjointPaths;
        foreach (var node in BootstrapTexts)
        {
            options.Bootstrap.Add(node);
        }

        foreach (var range in Trust)
        {
            options.Trust.Add(range);
        }
    }
}
