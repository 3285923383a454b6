using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>An edge with a host of its own, over real UDP on loopback, which renews more often than in earnest.</summary>
internal sealed class TestEdge : IAsyncDisposable
{
    private readonly IHost _host;

    private TestEdge(IHost host)
    {
        _host = host;
    }

    public EdgeHealth Health => _host.Services.GetRequiredService<EdgeHealth>();

    public EdgeOverview Overview => Health.Describe();

    /// <summary>Where its ids listen, in the order of the lease.</summary>
    public IReadOnlyList<UdpEndpoint> Endpoints => [.. Overview.Nodes.Select(n => UdpEndpoint.Parse(n.Listening[0]))];

    public IReadOnlyList<NodeId> Ids => [.. Overview.Nodes.Select(n => NodeId.Parse(n.Id))];

    /// <summary>What it said that it listens on.</summary>
    public IList<string> Announced { get; private init; } = [];

    /// <summary>Starts an edge without waiting for its lease.</summary>
    public static Task<TestEdge> StartAsync(IGrainFactory grains, string name, params (string Key, string Value)[] settings) =>
        StartAsync(grains, name, TimeProvider.System, timing => timing, settings);

    /// <summary>The same on a machine whose clock is another one.</summary>
    public static Task<TestEdge> StartAsync(IGrainFactory grains, string name, TimeProvider clock) =>
        StartAsync(grains, name, clock, timing => timing, []);

    /// <summary>The same with sockets of the test's making.</summary>
    public static Task<TestEdge> StartAsync(
        IGrainFactory grains, string name, Func<UdpEndpoint, IDatagramTransport> bind, params (string Key, string Value)[] settings) =>
        StartAsync(grains, name, TimeProvider.System, timing => timing, settings, bind);

    private static async Task<TestEdge> StartAsync(
        IGrainFactory grains,
        string name,
        TimeProvider clock,
        Func<EdgeTiming, EdgeTiming> adjust,
        (string Key, string Value)[] settings,
        Func<UdpEndpoint, IDatagramTransport>? bind = null)
    {
        var configuration = new ConfigurationManager();
        configuration["Kad:Edge:Name"] = name;
        configuration["Kad:Edge:Listen"] = "127.0.0.1:0";
        foreach (var (key, value) in settings)
        {
            configuration[$"Kad:Edge:{key}"] = value;
        }

        var announced = new List<string>();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services.AddSingleton(grains);
        builder.Services.AddSingleton(clock);
        builder.Services.AddSingleton(adjust(new EdgeTiming
        {
            Renewal = TimeSpan.FromMilliseconds(200),
            Subscription = TimeSpan.FromSeconds(1),
            Call = TimeSpan.FromSeconds(2),
            LongestPause = TimeSpan.FromMilliseconds(500),
            FirstJoinPause = TimeSpan.FromMilliseconds(200),
        }));
        builder.Services.AddKadEdge(KadSettings.ReadEdge(configuration).Edge, bind ?? (e => UdpTransport.Bind(e)), announced.Add);
        var host = builder.Build();
        await host.StartAsync();
        return new TestEdge(host) { Announced = announced };
    }

    /// <summary>Starts an edge and waits until it serves.</summary>
    public static Task<TestEdge> ServeAsync(IGrainFactory grains, string name, params (string Key, string Value)[] settings) =>
        ServeAsync(grains, name, timing => timing, settings);

    /// <summary>The same with a timing of its own.</summary>
    public static async Task<TestEdge> ServeAsync(
        IGrainFactory grains, string name, Func<EdgeTiming, EdgeTiming> adjust, params (string Key, string Value)[] settings)
    {
        var edge = await StartAsync(grains, name, TimeProvider.System, adjust, settings);
        await edge.BecomesAsync(EdgePhase.Serving);
        return edge;
    }

    public Task BecomesAsync(EdgePhase state) => Eventually.BecomesAsync(() => Health.State == state, Describe);

    /// <summary>All there is to say of it, for the message of a test that fails.</summary>
    public string Describe() => JsonSerializer.Serialize(new { Overview, Health.State, Health.Obstacle });

    public Task StopAsync() => _host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
