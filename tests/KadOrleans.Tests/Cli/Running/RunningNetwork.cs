namespace KadOrleans.Tests.Cli;

/// <summary>Three nodes in memory that know each other. The tests of a class share them, and change none of them.</summary>
public sealed class RunningNetwork : IAsyncLifetime
{
    private readonly List<NodeProcess> _nodes = [];

    public IReadOnlyList<NodeProcess> Nodes => _nodes;

    public async ValueTask InitializeAsync()
    {
        _nodes.Add(await NodeProcess.StartAsync("--in-memory"));
        for (var i = 0; i < 2; i++)
        {
            _nodes.Add(await NodeProcess.StartAsync("--in-memory", "--bootstrap", _nodes[0].Address));
            await _nodes[^1].HasContactsAsync(i + 1);
        }
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));
}
