using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Tests.Cli;

/// <summary>Commands that join a network once say that somebody surrounds a key.</summary>
public sealed class CrowdedKeyTests : IAsyncLifetime
{
    private const int Placed = 10;

    private readonly List<KadNode> _nodes = [];

    private string Via => _nodes[0].LocalEndpoints[0].ToString();

    public async ValueTask InitializeAsync()
    {
        for (var i = 0; i < 40; i++)
        {
            await AddAsync(NodeId.FromKey($"node {i}"));
        }
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));

    [Fact]
    public async Task Set_get_and_find_node_say_how_many_contacts_are_too_near()
    {
        var free = await KadRun.RunAsync("set", "free", "value", "--via", Via);
        Assert.Equal((ExitCode.Done, string.Empty), (free.ExitCode, free.Error));

        var target = NodeId.FromKey("key");
        for (var i = 0; i < Placed; i++)
        {
            await AddAsync(Near(target, i));
        }

        // A get that finds its value ends before it has seen all of them.
        foreach (var (code, command) in new[] { (ExitCode.Failed, "get key"), (ExitCode.Done, $"find-node {target}"), (ExitCode.Done, "set key value") })
        {
            var run = await KadRun.RunAsync([.. command.Split(' '), "--via", Via]);
            Assert.Equal(code, run.ExitCode);
            Assert.Contains(
                $"{Placed} of the 20 nearest contacts are closer to the key than a network of this size allows", run.Error, StringComparison.Ordinal);
            var json = (await KadRun.RunAsync([.. command.Split(' '), "--via", Via, "--json"])).Json;
            Assert.Equal(Placed, json["lookup"]!["crowded"]!.GetValue<int>());
        }
    }

    // The first 24 bits are the target's.
    private static NodeId Near(NodeId target, int number)
    {
        var bytes = target.ToByteArray();
        NodeId.FromKey($"placed {number}").ToByteArray().AsSpan(3).CopyTo(bytes.AsSpan(3));
        return new NodeId(bytes);
    }

    private async Task AddAsync(NodeId id)
    {
        var node = await KadNode.CreateBuilder(options =>
        {
            options.Id = id.ToString();
            if (_nodes.Count > 0)
            {
                options.Bootstrap.Add(Via);
            }
        }).UseUdp("127.0.0.1:0").BuildAsync();
        _nodes.Add(node);
        await node.StartAsync();
        await node.JoinAsync();
    }
}
