using KadOrleans.Browser;

namespace KadOrleans.Tests.WebConsole;

/// <summary>A <c>kad node</c> in a network of six.</summary>
public sealed class NodeConsolePlace : ConsolePlace
{
    private readonly TemporaryFolder _folder = new();
    private readonly (string Secret, ApiToken Token) _manager = ApiToken.Create("manager", ApiScope.All);
    private readonly (string Secret, ApiToken Token) _viewer = ApiToken.Create("viewer", [ApiScope.View]);
    private readonly (string Secret, ApiToken Token) _reader = ApiToken.Create("reader", [ApiScope.Read]);
    private NodeProcess? _node;

    public override string Manager => _manager.Secret;

    public override string Viewer => _viewer.Secret;

    public override string Reader => _reader.Secret;

    protected override async Task<Uri> StartAsync()
    {
        File.WriteAllText(_folder["tokens.json"], ApiTokens.Write([_manager.Token, _viewer.Token, _reader.Token]));
        _node = await NodeProcess.StartAsync("--data", _folder["data"], "--http-tokens", _folder["tokens.json"]);
        for (var i = 0; i < 5; i++)
        {
            await AddNodeAsync(_node.Address);
        }

        await _node.HasContactsAsync(5);
        return new Uri($"http://{_node.HttpAddress}");
    }

    protected override async Task StopAsync()
    {
        if (_node is not null)
        {
            await _node.DisposeAsync();
        }

        _folder.Dispose();
    }
}
