using KadOrleans.Browser;

namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class SiloConsolePlace : ConsolePlace
{
    /// <summary>Few, so that a doubling is soon done.</summary>
    public const int ShardBits = 4;

    private readonly TemporaryFolder _folder = new();
    private readonly (string Secret, ApiToken Token) _manager = ApiToken.Create("manager", ApiScope.All);
    private readonly (string Secret, ApiToken Token) _viewer = ApiToken.Create("viewer", [ApiScope.View]);
    private readonly (string Secret, ApiToken Token) _reader = ApiToken.Create("reader", [ApiScope.Read]);
    private SiloProcess? _silo;

    public override string Manager => _manager.Secret;

    public override string Viewer => _viewer.Secret;

    public override string Reader => _reader.Secret;

    public override bool IsCluster => true;

    // Each of sixteen slices asks on its own.
    public override string WatchableCrawl => "50";

    protected override async Task<Uri> StartAsync()
    {
        File.WriteAllText(_folder["tokens.json"], ApiTokens.Write([_manager.Token, _viewer.Token, _reader.Token]));
        var node = await AddNodeAsync();
        var first = node.LocalEndpoints[0].ToString();
        for (var i = 0; i < 2; i++)
        {
            await AddNodeAsync(first);
        }

        _silo = await SiloProcess.StartedAsync(
            _folder.Path, $"Kad:Http:Tokens={_folder["tokens.json"]}", $"Kad:Cluster:GatewayKey={KeyFiles.Create()}", SiloServer.ShardBits(ShardBits), $"Kad:Edge:Bootstrap={first}");
        await Eventually.ReadAsync(() => Task.FromResult(node.RoutingTable.Count), contacts => contacts == 3);
        return new Uri(_silo.Http, "/");
    }

    protected override async Task StopAsync()
    {
        if (_silo is not null)
        {
            await _silo.DisposeAsync();
        }

        _folder.Dispose();
    }
}
