using Orleans.Configuration;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>
/// Messages whose data is nested deep. Orleans reads them by recursion before it knows what is called, and a stack that overflows ends the
/// process.
/// </summary>
public sealed class DeepMessageTests : FolderTests
{
    private const string Entry = "an entry of the caller's";

    private static readonly TimeSpan PingInterval = TimeSpan.FromMilliseconds(250);

    private readonly TestKeys _keys = new();

    [Theory]
    [InlineData(24_000)]
    [InlineData(50_000)]
    public Task A_stranger_ends_no_silo_by_a_deep_request_context(int depth) => OutlivesAsync(dht =>
    {
        RequestContext.Set(Entry, new NestedArrays(depth));
        return dht.GetStatusAsync().AsTask();
    });

    [Theory]
    [InlineData(24_000)]
    [InlineData(50_000)]
    public Task A_stranger_ends_no_silo_by_a_deep_argument(int depth) => OutlivesAsync(
        dht => dht.WatchAsync(new DhtWatchRequest(new NestedArrays(depth), [], [])).AsTask());

    // A process reads deeper ones once its code is compiled for speed. Of a silo that has served for a while it is, and of this one from its
    // start; of an edge that has just started it is not.
    [Theory]
    [InlineData(14_500)]
    public async Task A_client_ends_no_edge_by_a_request_context_that_the_silo_reads(int depth)
    {
        await using var silo = ServingSilo.Of(Folder, _keys);
        silo.Environment = new Dictionary<string, string> { ["DOTNET_TieredCompilation"] = "0" };
        await silo.StartAsync();
        await using var first = new EdgeServer(Folder, "first", [silo.GatewaySetting, .. _keys.OfEdge]);
        await using var second = new EdgeServer(Folder, "second", [silo.GatewaySetting, .. _keys.OfEdge, $"Kad:Edge:Bootstrap={first.Address}"]);
        await Task.WhenAll(first.StartAsync(), second.StartAsync());

        await using (var client = await _keys.ConnectAsync(silo, AddNested))
        {
            await CallAsync(depth, () => client.Dht.GetStatusAsync().AsTask());
            silo.IsThere();
            var outcome = await CallAsync(depth, () => client.Dht.GetAsync(NodeId.FromKey("absent")).AsTask());
            TestContext.Current.TestOutputHelper?.WriteLine($"The client's get: {outcome?.Message ?? "done"}");
        }

        var lives = Task.WhenAll(LivesAsync(first), LivesAsync(second));
        await Record.ExceptionAsync(() => lives);
        Assert.Multiple(first.IsThere, second.IsThere);
        await lives;
        await silo.ServesAsync(_keys);
    }

    // Nobody answers what a silo or an edge does not read.
    private static void AddNested(IClientBuilder client)
    {
        NestedArrays.Add(client);
        client.Configure<ClientMessagingOptions>(messaging => messaging.ResponseTimeout = TimeSpan.FromSeconds(15));
    }

    private static async Task<Exception?> CallAsync(int depth, Func<Task> call)
    {
        RequestContext.Set(Entry, new NestedArrays(depth));
        return await Record.ExceptionAsync(call);
    }

    private async Task OutlivesAsync(Func<IDhtGrain, Task> call)
    {
        await using var silo = await ServingSilo.StartAsync(Folder, _keys);
        await Stranger.CallAsync(silo.Gateway, grains => call(grains.GetGrain<IDhtGrain>(GrainKeys.Singleton)));
        await silo.ServesAsync(_keys);
    }

    private static async Task LivesAsync(EdgeServer edge)
    {
        await using var asker = new UdpAsker(edge.Address, source: 20);
        var pings = new List<Task>();
        await Eventually.ReadAsync(
            () =>
            {
                pings.Add(asker.PingAsync());
                return Task.FromResult(edge.HasEnded || pings.Exists(ping => ping.IsCompleted));
            },
            isKnown => isKnown,
            interval: PingInterval);
        edge.IsThere();
    }
}
