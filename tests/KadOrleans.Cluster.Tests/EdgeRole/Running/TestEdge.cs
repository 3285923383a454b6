using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>An edge with a host of its own, over real UDP on loopback.</summary>
internal sealed class TestEdge(IGrainFactory grains, string name, params (string Key, string Value)[] settings) : IAsyncDisposable
{
    private IHost? _host;

    public static EdgeTiming Often { get; } = new()
    {
        Renewal = TimeSpan.FromMilliseconds(200),
        Subscription = TimeSpan.FromSeconds(1),
        Call = TimeSpan.FromSeconds(2),
        LongestPause = TimeSpan.FromMilliseconds(500),
        FirstJoinPause = TimeSpan.FromMilliseconds(200),
        Repair = TimeSpan.FromMilliseconds(200),
    };

    public EdgeTiming Timing { get; init; } = Often;

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public Func<UdpEndpoint, IDatagramTransport> Bind { get; init; } = endpoint => UdpTransport.Bind(endpoint);

    public string[] Telemetry { get; init; } = [];

    public EdgeHealth Health => _host!.Services.GetRequiredService<EdgeHealth>();

    /// <summary>The ids of the cluster's edges, as this one knows them.</summary>
    internal SiblingIds Siblings => _host!.Services.GetRequiredService<EdgeContext>().Siblings;

    public EdgeOverview Overview => Health.Describe();

    public IReadOnlyList<UdpEndpoint> Endpoints => [.. Overview.Nodes.Select(n => UdpEndpoint.Parse(n.Listening[0]))];

    public IReadOnlyList<NodeId> Ids => [.. Overview.Nodes.Select(n => NodeId.Parse(n.Id))];

    public IList<string> Announced { get; } = [];

    public static async Task<TestEdge> ServeAsync(IGrainFactory grains, string name, params (string Key, string Value)[] settings)
    {
        var edge = new TestEdge(grains, name, settings);
        await edge.StartAsync();
        await edge.BecomesAsync(EdgePhase.Serving);
        return edge;
    }

    public async Task StartAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        (string Key, string Value)[] all = [("Name", name), ("Listen", "127.0.0.1:0"), .. settings];
        builder.Configuration.AddCommandLine([.. all.Select(setting => $"Kad:Edge:{setting.Key}={setting.Value}"), .. Telemetry]);
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services.AddSingleton(grains).AddSingleton(Clock).AddSingleton(Timing);
        var options = KadSettings.ReadEdge(builder.Configuration, new KadProviders().Known);
        builder.Services.AddKadTelemetry(options.Telemetry, builder.Configuration).AddEdge(options.Edge, Bind, Announced.Add);
        _host = builder.Build();
        await _host.StartAsync();
    }

    public Task BecomesAsync(EdgePhase state) => Eventually.BecomesAsync(() => Health.State == state, Describe);

    public Task SaysAsync(string? obstacle) => Eventually.BecomesAsync(() => Health.Obstacle == obstacle, Describe);

    /// <summary>All there is to say of it, for the message of a test that fails.</summary>
    public string Describe() => JsonSerializer.Serialize(new { Overview, Health.State, Health.Obstacle });

    public Task StopAsync() => _host!.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _host!.Dispose();
    }
}
