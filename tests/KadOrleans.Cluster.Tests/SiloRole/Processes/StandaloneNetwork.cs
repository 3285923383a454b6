namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Two standalone nodes, each with SQLite storage of its own.</summary>
public sealed class StandaloneNetwork : TwoNodeNetwork
{
    private readonly NodeServer _first;
    private readonly NodeServer _second;

    public StandaloneNetwork()
    {
        _first = new NodeServer(Folder, "first", "--trust", Trusted);
        _second = new NodeServer(Folder, "second", "--trust", Trusted, "--bootstrap", _first.Address.ToString());
    }

    internal override INetworkNode First => _first;

    internal override INetworkNode Second => _second;

    private protected override async Task StartAsync()
    {
        await _first.StartAsync();
        await _second.StartAsync();
    }

    private protected override async Task StopAsync()
    {
        await _second.DisposeAsync();
        await _first.DisposeAsync();
    }
}
