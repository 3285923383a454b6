using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Runtime.Hosting;
using Orleans.Serialization;

namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>A silo with the real grains in this process, with a gateway for edges that are processes of their own.</summary>
internal sealed class LocalSilo : IAsyncDisposable
{
    private const string Cluster = "kad";

    private readonly ConcurrentDictionary<string, (byte[] State, string ETag)> _rows = new();
    private readonly IHost _host;
    private readonly int _gateway = FreePort.Tcp();

    public LocalSilo(CrawlTiming crawling) => _host = new HostBuilder().UseOrleans(silo =>
    {
        silo.UseLocalhostClustering(FreePort.Tcp(), _gateway, primarySiloEndpoint: null, serviceId: Cluster, clusterId: Cluster);
        silo.UseInMemoryReminderService();
        silo.Services.AddSingleton(crawling);
        silo.UseKadGrains(options => options.ShardBits = 4);
        silo.Services.AddGrainStorage(
            GrainStorageName.Kad, (services, _) => new SharedStorage(_rows, services.GetRequiredService<Serializer>()));
    }).Build();

    public IDhtAdmin Admin => _host.Services.GetRequiredService<IDhtAdmin>();

    /// <summary>The setting by which an edge finds it.</summary>
    public string GatewaySetting => string.Create(CultureInfo.InvariantCulture, $"Kad:Cluster:Gateway=127.0.0.1:{_gateway}");

    public Task StartAsync() => _host.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
