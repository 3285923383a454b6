using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node;
using KadOrleans.Node.Hosting;
using KadOrleans.Node.Ports;
using KadOrleans.Storage.Sqlite;
using KadOrleans.Storage.Sqlite.Hosting;
using KadOrleans.Transport.Udp;
using KadOrleans.Transport.Udp.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace KadOrleans.Cli.Tests.Library;

/// <summary>The two ways in which programs use the library, as the README shows them.</summary>
public sealed class LibraryUseTests : IDisposable
{
    private static readonly UdpEndpoint AnyPort = UdpEndpoint.Parse("127.0.0.1:0");
    private readonly string _folder = Directory.CreateTempSubdirectory("kad-library-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_program_without_a_host_runs_a_node_and_goes_on_publishing_what_an_earlier_run_did()
    {
        await using (var database = SqliteDatabase.Open(_folder, new StoreQuota()))
        {
            await using var node = Create(database);
            await node.StartAsync(TestContext.Current.CancellationToken);
            await node.SetAsync("greeting", DhtValue.FromString("hello"), TestContext.Current.CancellationToken);
        }

        await using var reopened = SqliteDatabase.Open(_folder, new StoreQuota());
        await using var again = Create(reopened);
        await again.StartAsync(TestContext.Current.CancellationToken);
        await again.JoinAsync(TestContext.Current.CancellationToken);
        var result = await again.GetAsync("greeting", TestContext.Current.CancellationToken);

        Assert.Equal("hello", result.Value?.AsString());
        Assert.True(await again.UnpublishAsync("greeting", TestContext.Current.CancellationToken));

        static KadNode Create(SqliteDatabase database) => new(
            new KadNodeOptions(),
            UdpTransport.Bind(AnyPort),
            new SqliteKeyStore(database),
            new SqliteNodeStateStore(database),
            publications: new SqlitePublicationStore(database));
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
            .UseSqlite(Path.Combine(_folder, folder));
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return host;
    }
}
