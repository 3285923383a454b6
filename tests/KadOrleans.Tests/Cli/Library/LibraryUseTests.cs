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

    /// <summary>In a host it waits for the start; without one nobody else starts it.</summary>
    [Fact]
    public async Task Who_waits_for_a_node_without_a_host_that_was_not_started_is_told_to_start_it()
    {
        await using var node = await KadNode.CreateBuilder().UseUdp("127.0.0.1:0").BuildAsync();
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => node.WaitUntilReadyAsync(new CancellationToken(canceled: true)));
        Assert.Equal("The node has not been started: start its host, or call StartAsync, first.", refused.Message);
        await node.StartAsync(TestContext.Current.CancellationToken);
        await node.WaitUntilReadyAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Services_without_a_host_need_no_more_than_the_node()
    {
        var services = new ServiceCollection();
        services.AddKadNode().UseUdp("127.0.0.1:0").UseSqlite(Folder);
        await using var provider = services.BuildServiceProvider();
        var node = Assert.IsType<KadNode>(provider.GetRequiredService<IDht>());
        await node.StartAsync(TestContext.Current.CancellationToken);
        Assert.True((await node.SetAsync("key", 1, SetAcknowledgement.Durable, TestContext.Current.CancellationToken)).Succeeded);
    }

    [Theory]
    [InlineData("127.0.0.1:99999")]
    [InlineData("localhost:0")]
    public void A_text_that_is_no_endpoint_is_refused_with_what_is_allowed(string text)
    {
        var refused = Assert.Throws<FormatException>(() => KadNode.CreateBuilder().UseUdp(text));
        Assert.Equal(
            $"'{text}' is not an endpoint; IP:PORT is needed, such as 0.0.0.0:8468 or [::]:8468, with a port of 1 to 65535, or 0 for any free one.",
            refused.Message);
    }

    [Fact]
    public async Task Options_outside_a_host_reach_the_storage_and_services_get_the_node_that_is_built()
    {
        var cancelling = TestContext.Current.CancellationToken;
        IServiceProvider? program = null;
        var builder = KadNode
            .CreateBuilder(options =>
            {
                options.Kademlia.BucketSize = 8;
                options.Quota.TotalKeys = 1;
                options.MaxPublications = 1;
            })
            .UseUdp("127.0.0.1:0").UseSqlite(Folder);
        builder.Services.AddOptions<KadNodeOptions>().Configure<IServiceProvider>((_, services) => program = services);
        await using var node = await builder.BuildAsync();
        await node.StartAsync(cancelling);

        var first = await node.SetAsync("first", 1, cancelling);
        var second = await node.SetAsync("second", 2, cancelling);

        Assert.Equal((StoreResult.Stored, StoreResult.Stored), (first.Local, first.Publication));
        Assert.False(second.Succeeded);
        Assert.Equal(StoreResult.TotalQuotaExceeded, (await node.SetAsync("second", 2, SetAcknowledgement.Durable, cancelling)).Publication);
        Assert.Same(node, program!.GetRequiredService<KadNode>());
    }

    [Fact]
    public async Task A_folder_in_use_frees_the_port_again()
    {
        await using var holder = await BuildAsync("127.0.0.1:0", "first");
        await holder.StartAsync(TestContext.Current.CancellationToken);
        await using var spare = await BuildAsync("127.0.0.1:0", "second");
        var port = spare.LocalEndpoints[0].ToString();
        await spare.DisposeAsync();

        await Assert.ThrowsAsync<KeyStoreException>(() => BuildAsync(port, "first"));

        await using var again = await BuildAsync(port, "second");
        Assert.Equal(port, again.LocalEndpoints[0].ToString());

        Task<KadNode> BuildAsync(string address, string folder) =>
            KadNode.CreateBuilder().UseUdp(address).UseSqlite(Path.Combine(Folder, folder)).BuildAsync();
    }

    [Fact]
    public void Options_are_bound_to_configuration()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Bootstrap:0"] = "127.0.0.1:1",
            ["Kademlia:BucketSize"] = "8",
            ["Quota:TotalKeys"] = "5",
            ["Limits:PerSource:PerSecond"] = "7",
            ["Limits:PerSource:Burst"] = "9",
            ["RandomWalk:Interval"] = "00:01:00",
        }).Build();
        using var host = Build(services => services.AddKadNode(configuration).UseUdp(AnyPort));

        var options = host.Services.GetRequiredService<IOptions<KadNodeOptions>>().Value;

        Assert.Equal(["127.0.0.1:1"], options.Bootstrap);
        Assert.Equal((8, 5), (options.Kademlia.BucketSize, options.Quota.TotalKeys));
        Assert.Equal(new TokenRate(7, 9), options.Limits.PerSource);
        Assert.Equal(TimeSpan.FromMinutes(1), options.RandomWalk.Interval);
    }

    [Fact]
    public async Task Hosted_nodes_join_each_other_and_keep_their_state()
    {
        var cancelling = TestContext.Current.CancellationToken;
        var first = await StartHostAsync("first");
        var firstNode = first.Services.GetRequiredService<KadNode>();
        using var second = await StartHostAsync("second", $"{firstNode.LocalEndpoints[0]}");
        var secondNode = second.Services.GetRequiredService<KadNode>();
        await secondNode.BootstrapAsync([$"{firstNode.LocalEndpoints[0]}"], cancelling);

        var set = await secondNode.SetAsync("key", DhtValue.FromInteger(7), cancelling);
        Assert.Equal(1, set.Stored);
        await first.StopAsync(cancelling);
        await ((IAsyncDisposable)first).DisposeAsync();

        var again = await StartHostAsync("first");
        var node = again.Services.GetRequiredService<KadNode>();
        Assert.Equal(firstNode.Id, node.Id);
        Assert.Equal(7, (await node.GetAsync("key", cancelling)).Value?.AsInteger());
        await again.StopAsync(cancelling);
        await ((IAsyncDisposable)again).DisposeAsync();
        await second.StopAsync(cancelling);
    }

    [Fact]
    public async Task A_node_ends_quietly_with_its_host_also_while_it_joins()
    {
        using var silent = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var host = await StartHostAsync("node", $"{silent.Client.LocalEndPoint}");
        var service = Assert.IsAssignableFrom<BackgroundService>(Assert.Single(host.Services.GetServices<IHostedService>()));
        await silent.ReceiveAsync(TestContext.Current.CancellationToken);
        await host.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(TaskStatus.RanToCompletion, service.ExecuteTask!.Status);
    }

    [Fact]
    public async Task Who_waits_for_a_node_to_join_waits_no_longer_once_its_host_stops()
    {
        using var silent = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var host = await StartHostAsync("node", $"{silent.Client.LocalEndPoint}");
        var dht = host.Services.GetRequiredService<IDht>();
        var waiting = dht.WaitUntilReadyAsync(TestContext.Current.CancellationToken);
        await silent.ReceiveAsync(TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);

        // As Ctrl-C does: the host's own stop comes when the program goes on.
        host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await host.StopAsync(TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => dht.WaitUntilReadyAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_call_before_the_start_or_after_the_stop_is_refused_in_a_sentence_and_a_watch_ends_with_the_host()
    {
        var cancelling = TestContext.Current.CancellationToken;
        using var host = Build(services => services.AddKadNode().UseUdp(AnyPort).UseSqlite(Folder));
        var dht = host.Services.GetRequiredService<IDht>();
        await AreRefusedAsync<InvalidOperationException>("The node has not been started: start its host, or call StartAsync, first.");
        await host.StartAsync(cancelling);
        await using var watch = dht.WatchAsync("key", cancelling).GetAsyncEnumerator(cancelling);
        Assert.True(await watch.MoveNextAsync());
        var next = watch.MoveNextAsync();
        Assert.False(next.IsCompleted);

        host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        Assert.False(await next);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await dht.WatchAsync("key", cancelling).FirstAsync(cancelling));
        await host.StopAsync(cancelling);
        await AreRefusedAsync<ObjectDisposedException>("The node has stopped: nothing was done.");
        Assert.Throws<ObjectDisposedException>(() => dht.WatchAsync("key", cancelling));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => host.Services.GetRequiredService<KadNode>().StartAsync(cancelling));

        async Task AreRefusedAsync<TException>(string sentence)
            where TException : Exception
        {
            Func<Task>[] calls =
            [
                () => dht.GetAsync("key", cancelling),
                () => dht.SetAsync("key", "value", cancelling),
                () => dht.SetAsync("key", "value", TimeSpan.FromMinutes(1), cancelling),
                () => dht.SetIfAsync("key", "value", ValueVersion.Nothing, cancellationToken: cancelling),
                () => dht.UnpublishAsync("key", cancelling),
                () => dht.FindNodeAsync(NodeId.MinValue, cancelling),
                () => dht.PingAsync(UdpEndpoint.Parse("127.0.0.1:1"), cancelling),
                () => dht.GetStatusAsync(cancelling),
            ];
            foreach (var call in calls)
            {
                Assert.StartsWith(sentence, (await Assert.ThrowsAsync<TException>(call)).Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task The_first_node_of_a_network_is_ready_when_it_has_started_and_a_watch_ends_when_it_is_disposed()
    {
        var cancelling = TestContext.Current.CancellationToken;
        await using var node = await KadNode.CreateBuilder().UseUdp("127.0.0.1:0").BuildAsync();
        await node.StartAsync(cancelling);
        Assert.True(node.WaitUntilReadyAsync(cancelling).IsCompletedSuccessfully);
        await using var watch = node.WatchAsync("key", cancelling).GetAsyncEnumerator(cancelling);
        Assert.True(await watch.MoveNextAsync());
        var next = watch.MoveNextAsync();

        await node.DisposeAsync();
        Assert.False(await next);
    }

    [Fact]
    public async Task A_first_node_that_starts_again_is_ready_though_a_peer_of_a_moment_has_left()
    {
        var cancelling = TestContext.Current.CancellationToken;
        await using (var first = await BuildAsync("first"))
        {
            await first.StartAsync(cancelling);
            await using var peer = await BuildAsync("peer");
            await peer.StartAsync(cancelling);
            await peer.BootstrapAsync([$"{first.LocalEndpoints[0]}"], cancelling);
            await Eventually.IsTrueAsync(() => first.RoutingTable.Count == 1);
        }

        await using var again = await BuildAsync("first");
        await again.StartAsync(cancelling);
        Assert.NotEmpty((await again.LoadStateAsync(cancelling))!.Contacts);
        Assert.True(KadOrleans.Cli.NodeStatusServer.HealthOf(again).IsReady);
        Assert.True(Assert.Single((await again.GetStatusAsync(cancelling)).Nodes).IsFirst);

        Task<KadNode> BuildAsync(string folder) => KadNode.CreateBuilder().UseUdp(AnyPort).UseSqlite(Path.Combine(Folder, folder)).BuildAsync();
    }

    [Fact]
    public async Task A_host_with_a_wrong_option_or_without_a_transport_does_not_start_and_says_why()
    {
        using var wrong = Build(services => services.AddKadNode(o => o.Trust.Add("10.0.0.0/99")).UseUdp(AnyPort));
        using var silent = Build(services => services.AddKadNode());

        var option = await Assert.ThrowsAsync<OptionsValidationException>(() => wrong.StartAsync(TestContext.Current.CancellationToken));
        Assert.Equal("Trust is '10.0.0.0/99'; an address range such as 10.0.0.0/8 or fd00::/8 is needed.", option.Message);
        var transport = Assert.Throws<InvalidOperationException>(() => silent.Services.GetRequiredService<KadNode>());
        Assert.Contains("UseUdp", transport.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_node_in_the_same_services_is_refused_with_a_sentence()
    {
        var services = new ServiceCollection();
        services.AddKadNode(options => options.MaxPublications = 1).UseUdp(AnyPort);
        const string Sentence = "A node was added already; a host has one. KadNode.CreateBuilder(…) makes another in the same program.";

        Assert.Equal(Sentence, Assert.Throws<InvalidOperationException>(() => services.AddKadNode(options => options.MaxPublications = 2)).Message);
        var empty = new ConfigurationBuilder().Build();
        Assert.Equal(Sentence, Assert.Throws<InvalidOperationException>(() => services.AddKadNode(empty)).Message);
        using var provider = services.BuildServiceProvider();
        Assert.Equal(1, provider.GetRequiredService<IOptions<KadNodeOptions>>().Value.MaxPublications);
    }

    [Fact]
    public void A_second_transport_or_storage_is_refused_with_a_sentence()
    {
        var builder = KadNode.CreateBuilder().UseUdp(AnyPort).UseSqlite(Folder);

        Assert.Equal(
            "The node has a transport already, and may have only one. For several endpoints name all in one call: UseUdp(first, second).",
            Assert.Throws<InvalidOperationException>(() => builder.UseUdp(AnyPort)).Message);
        Assert.Equal(
            "UseSqlite('other'): the node has a folder already, by an earlier UseSqlite, and may have only one.",
            Assert.Throws<InvalidOperationException>(() => builder.UseSqlite("other")).Message);
    }

    [Theory]
    [InlineData(false, false, true)]
    [InlineData(false, true, false)]
    [InlineData(true, false, false)]
    public async Task A_node_whose_values_are_in_memory_says_so_when_it_starts(bool isOnDisk, bool isClient, bool says)
    {
        var log = new Node.RecordingLog();
        var builder = KadNode.CreateBuilder(options => options.ClientOnly = isClient).UseUdp(AnyPort);
        builder.Services.AddSingleton<Microsoft.Extensions.Logging.ILoggerFactory>(log);
        await using var node = await (isOnDisk ? builder.UseSqlite(Folder) : builder).BuildAsync();
        await node.StartAsync(TestContext.Current.CancellationToken);

        Assert.Equal(says, log.Events.Any(one => one.Text.StartsWith("The node has no storage: its values are in memory", StringComparison.Ordinal)));
    }

    private static IHost Build(Action<IServiceCollection> add)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        add(builder.Services.AddLogging());
        return builder.Build();
    }

    private async Task<IHost> StartHostAsync(string folder, params IEnumerable<string> bootstrap)
    {
        var host = Build(services => services
            .AddKadNode(options => bootstrap.ToList().ForEach(options.Bootstrap.Add))
            .UseUdp(AnyPort)
            .UseSqlite(Path.Combine(Folder, folder)));
        await host.StartAsync(TestContext.Current.CancellationToken);
        return host;
    }
}
