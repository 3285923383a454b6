namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A silo with local storage and two edges, each a process.</summary>
public sealed class ClusterNetwork : TwoNodeNetwork
{
    private readonly SiloServer _silo;
    private readonly EdgeServer _first;
    private readonly EdgeServer _second;

    public ClusterNetwork()
    {
        _silo = new SiloServer(Folder, "Kad:Cluster:ShardBits=4");
        string[] settings =
        [
            _silo.GatewaySetting,
            $"Kad:Edge:Trust={Trusted}",
        ];
        _first = new EdgeServer(Folder, "first", settings);
        _second = new EdgeServer(Folder, "second", [.. settings, $"Kad:Edge:Bootstrap={_first.Address}"]);
    }

    internal override INetworkNode First => _first;

    internal override INetworkNode Second => _second;

    private protected override Task StartAsync() =>
        Task.WhenAll(_silo.StartAsync(), _first.StartAsync(), _second.StartAsync());

    private protected override async Task StopAsync()
    {
        await _second.DisposeAsync();
        await _first.DisposeAsync();
        await _silo.DisposeAsync();
    }
}
