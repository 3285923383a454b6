using System.Net.Http.Headers;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.Configuration;

namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>What an edge says of itself, as probes read it. Alive it is in every state: a restart would mend none of them.</summary>
public sealed class EdgeHealthTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_edge_whose_bootstrap_nodes_are_away_has_no_contact()
    {
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "health-alone", ("Bootstrap", "127.0.0.1:9"));
        await SaysAsync(edge, "it has no contact");
    }

    [Fact]
    public async Task An_edge_whose_contacts_of_the_run_before_are_away_is_not_ready_until_one_answers()
    {
        var peer = await Peer.NodeAsync();
        (string, string) bootstrap = ("Bootstrap", peer.LocalEndpoints[0].ToString());
        await using (var before = await TestEdge.ServeAsync(cluster.Client, "health-back", bootstrap))
        {
            await SaysAsync(before, "ready");
        }

        await peer.DisposeAsync();
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "health-back", bootstrap);
        Assert.Equal(1, edge.Overview.Nodes[0].Contacts);
        await SaysAsync(edge, "no contact answers");

        await using var newcomer = await Peer.NodeAsync();
        await newcomer.PingAsync(edge.Endpoints[0], Token);
        await SaysAsync(edge, "ready");
    }

    [Fact]
    public async Task An_edge_without_bootstrap_nodes_that_lost_its_contacts_is_not_ready_also_after_a_restart_and_finds_them_again()
    {
        var clock = new SettableClock();
        await using var own = new TestCluster { Clock = clock };
        await own.InitializeAsync();
        var peer = await Peer.NodeAsync();
        var (id, endpoint) = (peer.Id, peer.LocalEndpoints[0]);
        await using (var before = new TestEdge(own.Client, "health-cut") { Clock = clock })
        {
            await before.StartAsync();
            await SaysAsync(before, "ready");
            await peer.PingAsync(before.Endpoints[0], Token);
            await Eventually.BecomesAsync(() => before.Overview.Nodes[0].Contacts == 1, before.Describe);
            await SaysAsync(before, "ready");

            clock.Ahead += FormerContacts.LastingLife;
            await peer.PingAsync(before.Endpoints[0], Token);
            await ObserveAsync(before, ContactObservation.Answered(new Contact(id, endpoint)));
            await peer.DisposeAsync();
            await LoseAsync(before, new Contact(id, endpoint));
            await SaysAsync(before, "it has no contact");
        }

        await using var edge = new TestEdge(own.Client, "health-cut") { Clock = clock };
        await edge.StartAsync();
        await edge.BecomesAsync(EdgePhase.Serving);
        Assert.Equal("it has no contact", edge.Health.Obstacle);
        clock.Ahead += TimeSpan.FromMinutes(10);

        await using var back = await KadNode.CreateBuilder(options => options.Id = id.ToString()).UseUdp(endpoint.ToString()).BuildAsync();
        await back.StartAsync(Token);
        clock.Ahead += TimeSpan.FromMinutes(10);
        await SaysAsync(edge, "ready");
        Assert.Equal(edge.Ids, back.RoutingTable.Contacts.Select(contact => contact.Id));

        async Task LoseAsync(TestEdge edge, Contact contact)
        {
            for (var i = 0; i < 2; i++)
            {
                await ObserveAsync(edge, ContactObservation.Failed(contact));
                clock.Ahead += TimeSpan.FromSeconds(10);
            }
        }

        Task ObserveAsync(TestEdge edge, ContactObservation observation) =>
            own.Client.GetGrain<IRoutingTableGrain>(GrainKeys.RoutingTable(edge.Ids[0])).ObserveAsync(edge.Overview.Epoch!.Value, [observation]).AsTask();
    }

    [Fact]
    public async Task A_stranger_that_passes_by_does_not_make_a_networks_first_edge_unready_nor_do_contacts_that_an_operator_dropped()
    {
        var clock = new SettableClock();
        await using var own = new TestCluster { Clock = clock };
        await own.InitializeAsync();
        await using var edge = new TestEdge(own.Client, "health-first") { Clock = clock };
        await edge.StartAsync();
        await SaysAsync(edge, "ready");
        var table = own.Client.GetGrain<IRoutingTableGrain>(GrainKeys.RoutingTable(edge.Ids[0]));
        var stranger = new Contact(NodeId.FromKey("stranger"), UdpEndpoint.Parse("192.0.2.1:8468"));

        // It is in the table, has not answered for long, and is lost at last.
        await ObserveAsync(ContactObservation.Answered(stranger));
        await Eventually.BecomesAsync(() => edge.Overview.Nodes[0].Contacts == 1, edge.Describe);
        Assert.False((await table.ObserveAsync(edge.Overview.Epoch!.Value, [])).HasLasting);
        await SaysAsync(edge, "ready");
        await LoseAsync();
        await Eventually.BecomesAsync(() => edge.Overview.Nodes[0].Contacts == 0, edge.Describe);
        Assert.False((await table.ObserveAsync(edge.Overview.Epoch!.Value, [])).HasLasting);
        await SaysAsync(edge, "ready");

        // It comes again, and stays for a while.
        await ObserveAsync(ContactObservation.Answered(stranger));
        clock.Ahead += FormerContacts.LastingLife;
        await ObserveAsync(ContactObservation.Answered(stranger));
        await LoseAsync();
        await SaysAsync(edge, "it has no contact");
        Assert.Equal([stranger], (await table.GetFormerAsync()).Select(former => former.Contact));

        // It left for good, says the operator.
        Assert.True(await table.DropAsync(stranger.Id));
        await SaysAsync(edge, "ready");
        Assert.Empty(await table.GetFormerAsync());

        Task ObserveAsync(ContactObservation observation) => table.ObserveAsync(edge.Overview.Epoch!.Value, [observation]).AsTask();

        async Task LoseAsync()
        {
            for (var i = 0; i < 2; i++)
            {
                await ObserveAsync(ContactObservation.Failed(stranger));
                clock.Ahead += TimeSpan.FromSeconds(10);
            }
        }
    }

    [Fact]
    public async Task The_first_edge_of_a_network_is_ready_unless_its_clock_is_wrong_or_a_part_of_it_failed()
    {
        var clock = new SettableClock { Ahead = TimeSpan.FromSeconds(-7) };
        await using var edge = new TestEdge(cluster.Client, "health-clock") { Clock = clock };
        await edge.StartAsync();
        await SaysAsync(edge, "clock skew: its clock and the silos' are more than 5 s apart");
        Assert.Equal(7, edge.Overview.ClockDifference!.Value, 0.5);

        clock.Ahead = TimeSpan.Zero;
        await SaysAsync(edge, "ready");

        edge.Health.LoopEnded("Table of 00ff");
        await SaysAsync(edge, "a part of it failed: Table of 00ff; the log says why, and a restart mends it");
    }

    [Fact]
    public async Task An_edge_whose_name_another_may_have_says_so_and_takes_it_when_that_one_s_lease_is_over()
    {
        await using var own = await TestCluster.StartAsync();
        await using var silent = new TestEdge(own.Client, "health-doubt") { Timing = TestEdge.Often with { Renewal = TimeSpan.FromHours(1) } };
        await silent.StartAsync();

        // Clocks are compared after the one renewal: none is under way any more.
        await Eventually.BecomesAsync(() => silent.Overview.ClockDifference is not null, silent.Describe);
        await own.Cluster.DeactivateAsync(own.Directory);
        await using var edge = new TestEdge(own.Client, "health-doubt");
        await edge.StartAsync();
        await SaysAsync(edge, "another edge may use the name health-doubt: this one waits for its response or the end of its lease");

        own.Clock.Passed += IEdgeDirectoryGrain.LeaseDuration;
        await edge.BecomesAsync(EdgePhase.Serving);
        Assert.Equal(silent.Ids, edge.Ids);
    }

    [Theory]
    [InlineData("127.0.0.1", HttpStatusCode.OK)]
    [InlineData("0.0.0.0", HttpStatusCode.NotFound)]
    public async Task Status_is_told_on_loopback_alone_keys_to_who_has_a_token_and_nothing_to_a_host_that_is_no_name_of_the_edge(
        string address, HttpStatusCode status)
    {
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "health-http");
        var (secret, token) = ApiToken.Create("test", ApiScope.All);
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["tokens.json"], ApiTokens.Write([token]), Token);
        using var server = await ServeAsync(
            edge, $"Kad:Http={address}:0", "Kad:Http:Hosts=kad.example.org", $"Kad:Http:Tokens={folder["tokens.json"]}");
        using var http = ClientOf(server);
        foreach (var host in (string[])["evil.example.com", "kad.example.org", "127.0.0.1"])
        {
            http.DefaultRequestHeaders.Host = host;
            HttpStatusCode? refused = host == "evil.example.com" ? HttpStatusCode.MisdirectedRequest : null;
            Assert.Equal(refused ?? status, await StatusAsync(http.GetAsync("/status", Token)));
            Assert.Equal(refused ?? HttpStatusCode.OK, await StatusAsync(http.GetAsync("/health/live", Token)));
        }

        const string key = "/v1/keys/key?wait=durable";
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(http.PutAsync(key, new StringContent("value"), Token)));
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(http.PutAsync(key, new StringContent("value"), Token)));
        Assert.Equal("value", JsonNode.Parse(await http.GetStringAsync("/v1/keys/key", Token))!["value"]!.GetValue<string>());
    }

    /// <summary>The pages of an edge on a free port, as its process serves them.</summary>
    private async Task<IHost> ServeAsync(TestEdge edge, params string[] settings)
    {
        var options = KadSettings.ReadEdge(new ConfigurationBuilder().AddCommandLine(["Kad:Http=127.0.0.1:0", .. settings]).Build(), new KadProviders().Known);
        var host = new HostBuilder()
            .ConfigureServices(services => services.AddSingleton(edge.Health).AddSingleton<IGrainFactory>(cluster.Client))
            .ConfigureWebHost(web => EdgeHost.ConfigureHttp(web, () => options, new KadProviders()))
            .Build();
        await host.StartAsync(Token);
        return host;
    }

    private static HttpClient ClientOf(IHost server)
    {
        var address = ServerProgram.HttpAddress(server.Services.GetRequiredService<IServer>());
        return new HttpClient { BaseAddress = new Uri(address.Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal)) };
    }

    private static async Task<HttpStatusCode> StatusAsync(Task<HttpResponseMessage> asking)
    {
        using var response = await asking;
        return response.StatusCode;
    }

    private async Task SaysAsync(TestEdge edge, string expected)
    {
        using var server = await ServeAsync(edge);
        using var http = ClientOf(server);
        var last = string.Empty;
        await Eventually.BecomesAsync(
            async () =>
            {
                using var ready = await http.GetAsync("/health/ready", Token);
                last = JsonNode.Parse(await ready.Content.ReadAsStringAsync(Token))!["status"]!.GetValue<string>();
                Assert.Equal(last == "ready" ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, ready.StatusCode);
                return last == expected;
            },
            () => last);
        Assert.Equal("""{"status":"live"}""", await http.GetStringAsync("/health/live", Token));
    }
}
