using KadOrleans.Browser;
using KadOrleans.Http.Access;
using KadOrleans.Testing;
using KadOrleans.Testing.Processes;

namespace KadOrleans.WebConsole.Tests.Browsing;

/// <summary>A <c>kad node</c> in a network of six.</summary>
public sealed class NodeConsolePlace : ConsolePlace
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<NodeProcess> _nodes = [];
    private readonly (string Secret, ApiToken Token) _manager = ApiToken.Create("manager", ApiScope.All);
    private readonly (string Secret, ApiToken Token) _viewer = ApiToken.Create("viewer", [ApiScope.View]);
    private readonly (string Secret, ApiToken Token) _reader = ApiToken.Create("reader", [ApiScope.Read]);

    public override string Manager => _manager.Secret;

    public override string Viewer => _viewer.Secret;

    public override string Reader => _reader.Secret;

    protected override async Task<Uri> StartAsync()
    {
        File.WriteAllText(_folder["tokens.json"], ApiTokens.Write([_manager.Token, _viewer.Token, _reader.Token]));
        var first = await NodeProcess.StartAsync("--data", _folder["data"], "--http-tokens", _folder["tokens.json"]);
        _nodes.Add(first);
        for (var i = 0; i < 5; i++)
        {
            _nodes.Add(await NodeProcess.StartAsync("--in-memory", "--bootstrap", first.Address));
        }

        await first.HasContactsAsync(5);
        return new Uri($"http://{first.HttpAddress}");
    }

    protected override async Task StopAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }

        _folder.Dispose();
    }
}
