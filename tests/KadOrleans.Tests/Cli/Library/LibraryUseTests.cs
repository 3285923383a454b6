using KadOrleans.Storage.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace KadOrleans.Tests.Cli;

/// <summary>The two ways in which programs use the library, as the README shows them.</summary>
public sealed class LibraryUseTests : FolderTests
{
    private static readonly UdpEndpoint AnyPort = UdpEndpoint.Parse("127.0.0.1:0");
    [Fact]
    public async Task A_program_without_a_host_runs_a_node_and_goes_on_publishing_what_an_earlier_run_did()
    {
        var cancelling = TestContext.Current.CancellationToken;
        await using (var node = await CreateAsync())
        {
            await node.StartAsync(cancelling);
            await node.SetAsync("greeting", "hello", cancelling);
        }

        await using var again = await CreateAsync();
        await again.StartAsync(cancelling);
        await again.JoinAsync(cancelling);

        Assert.Equal("hello", (await again.GetAsync<string>("greeting", cancelling)).Value);
        Assert.True(await again.UnpublishAsync("greeting", cancelling));

        Task<KadNode> CreateAsync() => KadNode.CreateBuilder().UseUdp("127.0.0.1:0").UseSqlite(Folder).BuildAsync();
    }

    [Fact]
    public async Task Services_of_the_program_get_the_node_that_is_built()
    {
        IServiceProvider? program = null;
        var builder = KadNode.CreateBuilder().UseUdp("127.0.0.1:0");
        builder.Services.AddOptions<KadNodeOptions>().Configure<IServiceProvider>((_, services) => program = services);

        await using var node = await builder.BuildAsync();

        Assert.Same(node, program!.GetRequiredService<KadNode>());
    }

    [Fact]
    public async Task Options_outside_a_host_reach_the_storage()
    {
        var cancelling = TestContext.Current.CancellationToken;
        await using var node = await KadNode
            .CreateBuilder(options =>
            {
                options.Kademlia.BucketSize = 8;
                options.Quota.TotalKeys = 1;
                options.MaxPublications = 1;
            })
            .UseUdp("127.0.0.1:0").UseSqlite(Folder).BuildAsync();
        await node.StartAsync(cancelling);

        var first = await node.SetAsync("first", 1, cancelling);
        var second = await node.SetAsync("second", 2, cancelling);

        Assert.Equal((StoreResult.Stored, StoreResult.Stored), (first.Local, first.Publication));
        Assert.False(second.Succeeded);
        Assert.Equal(StoreResult.TotalQuotaExceeded, (await node.SetAsync("second", 2, SetAcknowledgement.Durable, cancelling)).Publication);
    }

    [Fact]
    public async Task A_folder_in_use_frees_the_port_again()
    {
        var cancelling = TestContext.Current.CancellationToken;
        await using var holder = await KadNode.CreateBuilder().UseUdp("127.0.0.1:0").UseSqlite(Folder).BuildAsync();
        await holder.StartAsync(cancelling);
        var other = Directory.CreateDirectory(Path.Combine(Folder, "other")).FullName;
        await using var spare = await KadNode.CreateBuilder().UseUdp("127.0.0.1:0").UseSqlite(other).BuildAsync();
        var port = spare.LocalEndpoints[0].ToString();
        await spare.DisposeAsync();

        await Assert.ThrowsAsync<KeyStoreException>(() => KadNode.CreateBuilder().UseUdp(port).UseSqlite(Folder).BuildAsync());

        await using var again = await KadNode.CreateBuilder().UseUdp(port).UseSqlite(other).BuildAsync();
        Assert.Equal(port, again.LocalEndpoints[0].ToString());
    }

    [Fact]
    public void Options_are_bound_to_configuration()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Kad:Bootstrap:0"] = "127.0.0.1:1",
            ["Kad:Kademlia:BucketSize"] = "8",
            ["Kad:Quota:TotalKeys"] = "5",
            ["Kad:Limits:PerSource:PerSecond"] = "7",
            ["Kad:Limits:PerSource:Burst"] = "9",
            ["Kad:RandomWalk:Interval"] = "00:01:00",
        });
        builder.Services.AddLogging().AddKadNode(builder.Configuration.GetSection("Kad")).UseUdp(AnyPort);
        using var host = builder.Build();

        var options = host.Services.GetRequiredService<IOptions<KadNodeOptions>>().Value;

        Assert.Equal(["127.0.0.1:1"], options.Bootstrap);
        Assert.Equal((8, 5), (options.Kademlia.BucketSize, options.Quota.TotalKeys));
        Assert.Equal(new TokenRate(7, 9), options.Limits.PerSource);
        Assert.Equal(TimeSpan.FromMinutes(1), options.RandomWalk.Interval);
    }

    [Fact]
    public async Task A_misspelt_option_in_configuration_stops_the_start_and_is_named()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Kad:Kademlia:BuketSize"] = "8" });
        builder.Services.AddLogging().AddKadNode(builder.Configuration.GetSection("Kad")).UseUdp(AnyPort);
        using var host = builder.Build();

        var error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => host.StartAsync(TestContext.Current.CancellationToken));

        Assert.Contains("'BuketSize'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hosted_nodes_join_each_other_and_keep_their_state()
    {
        var first = await StartHostAsync("first");
        var firstNode = first.Services.GetRequiredService<KadNode>();
        var id = firstNode.Id;
        using var second = await StartHostAsync("second", $"{firstNode.LocalEndpoints[0]}");
        var secondNode = second.Services.GetRequiredService<KadNode>();
        await secondNode.BootstrapAsync([$"{firstNode.LocalEndpoints[0]}"], TestContext.Current.CancellationToken);

        var set = await secondNode.SetAsync("key", DhtValue.FromInteger(7), TestContext.Current.CancellationToken);
        Assert.Equal(1, set.Stored);
        await first.StopAsync(TestContext.Current.CancellationToken);
        await ((IAsyncDisposable)first).DisposeAsync();

        var again = await StartHostAsync("first");
        var node = again.Services.GetRequiredService<KadNode>();
        Assert.Equal(id, node.Id);
        Assert.Equal(7, (await node.GetAsync("key", TestContext.Current.CancellationToken)).Value?.AsInteger());
        await again.StopAsync(TestContext.Current.CancellationToken);
        await ((IAsyncDisposable)again).DisposeAsync();
        await second.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_host_with_a_wrong_option_does_not_start_and_says_why()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddKadNode(o => o.Trust.Add("10.0.0.0/99")).UseUdp(AnyPort);
        using var host = builder.Build();

        var error = await Assert.ThrowsAsync<OptionsValidationException>(
            () => host.StartAsync(TestContext.Current.CancellationToken));

        Assert.Equal("Trust is '10.0.0.0/99'; an address range such as 10.0.0.0/8 or fd00::/8 is needed.", error.Message);
    }

    [Fact]
    public void A_host_without_a_transport_says_what_is_missing()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddLogging().AddKadNode();
        using var host = builder.Build();

        var error = Assert.Throws<InvalidOperationException>(() => host.Services.GetRequiredService<KadNode>());

        Assert.Contains("UseUdp", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_storage_keys_are_kept_in_memory()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddLogging().AddKadNode().UseUdp(AnyPort);
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        var node = host.Services.GetRequiredService<KadNode>();

        await node.SetAsync("key", DhtValue.FromBoolean(true), TestContext.Current.CancellationToken);

        Assert.Equal(1, (await host.Services.GetRequiredService<IKeyStore>().GetUsageAsync(TestContext.Current.CancellationToken)).Keys);
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    private async Task<IHost> StartHostAsync(string folder, params string[] bootstrap)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddLogging();
        builder.Services
            .AddKadNode(options =>
            {
                foreach (var address in bootstrap)
                {
                    options.Bootstrap.Add(address);
                }
            })
            .UseUdp(AnyPort)
            .UseSqlite(Path.Combine(Folder, folder));
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return host;
    }
}
