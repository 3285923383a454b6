using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>What an edge says of itself, as probes read it. Alive it is in every state: a restart would mend none of them.</summary>
public sealed class EdgeHealthTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_edge_of_a_network_is_ready_with_its_lease()
    {
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "health-first");
        await SaysAsync(edge, "ready");
    }

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
    public async Task An_edge_whose_clock_is_wrong_says_so_until_it_is_set()
    {
        var clock = new SettableClock { Ahead = TimeSpan.FromSeconds(-7) };
        await using var edge = await TestEdge.StartAsync(cluster.Client, "health-clock", clock);
        await SaysAsync(edge, "clock skew: its clock and the silos' are more than 5 s apart");
        Assert.Equal(7, edge.Overview.ClockDifference!.Value, 0.5);

        clock.Ahead = TimeSpan.Zero;
        await SaysAsync(edge, "ready");
    }

    [Fact]
    public async Task An_edge_of_which_a_part_failed_says_which()
    {
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "health-part");
        await SaysAsync(edge, "ready");
        edge.Health.LoopEnded("Table of 00ff");
        await SaysAsync(edge, "a part of it failed: Table of 00ff; the log says why, and a restart mends it");
    }

    [Fact]
    public async Task An_edge_without_its_silos_is_not_ready()
    {
        await using var own = new TestCluster();
        await own.InitializeAsync();
        await using var edge = await TestEdge.ServeAsync(own.Client, "health-cut");
        foreach (var silo in own.Value.Silos.ToList())
        {
            await own.Value.KillSiloAsync(silo, Token);
        }

        await edge.BecomesAsync(EdgePhase.CutOff);
        await SaysAsync(edge, "the silos do not answer");
    }

    [Fact]
    public async Task An_edge_that_has_no_lease_yet_says_what_it_waits_for()
    {
        await using var own = new TestCluster();
        await own.InitializeAsync();
        foreach (var silo in own.Value.Silos.ToList())
        {
            await own.Value.KillSiloAsync(silo, Token);
        }

        await using var edge = await TestEdge.StartAsync(own.Client, "health-early");
        await SaysAsync(edge, "the cluster gives no lease");
    }

    [Fact]
    public async Task An_edge_whose_name_a_live_edge_has_says_so()
    {
        await using var first = await TestEdge.ServeAsync(cluster.Client, "health-name");
        await using var second = await TestEdge.StartAsync(cluster.Client, "health-name");
        await SaysAsync(second, "another live edge uses the name health-name");
    }

    [Fact]
    public async Task An_edge_whose_name_another_may_have_says_so_and_takes_it_when_that_one_s_lease_is_over()
    {
        await using var own = new TestCluster();
        await own.InitializeAsync();
        await using var silent = await TestEdge.ServeAsync(own.Client, "health-doubt", timing => timing with { Renewal = TimeSpan.FromHours(1) });

        // Clocks are compared after the one renewal: none is under way any more.
        await Eventually.BecomesAsync(() => silent.Overview.ClockDifference is not null, silent.Describe);
        await own.Value.DeactivateAsync(own.Client.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton));
        await using var edge = await TestEdge.StartAsync(own.Client, "health-doubt");
        await SaysAsync(edge, "another edge may use the name health-doubt: this one waits for its response or the end of its lease");

        own.Clock.Passed += IEdgeDirectoryGrain.LeaseDuration;
        await edge.BecomesAsync(EdgePhase.Serving);
        Assert.Equal(silent.Ids, edge.Ids);
    }

    [Theory]
    [InlineData("127.0.0.1", HttpStatusCode.OK)]
    [InlineData("0.0.0.0", HttpStatusCode.NotFound)]
    public async Task Status_is_told_on_loopback_alone(string address, HttpStatusCode expected)
    {
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "health-status");
        using var server = await ServeAsync(edge, ("Kad:Http", $"{address}:0"));
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{AddressOf(server).Port}") };
        using var status = await http.GetAsync(new Uri("/status", UriKind.Relative), Token);
        Assert.Equal(expected, status.StatusCode);
        Assert.Equal("""{"status":"live"}""", await http.GetStringAsync(new Uri("/health/live", UriKind.Relative), Token));
    }

    [Fact]
    public async Task A_host_that_is_no_name_of_the_edge_is_refused()
    {
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "health-host");
        using var server = await ServeAsync(edge, ("Kad:Http:Hosts", "kad.example.org"));
        using var http = new HttpClient();
        foreach (var (host, expected) in new[]
        {
            ("evil.example.com", HttpStatusCode.MisdirectedRequest), ("kad.example.org", HttpStatusCode.OK), ("127.0.0.1", HttpStatusCode.OK),
        })
        {
            foreach (var page in (string[])["/status", "/health/live"])
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(AddressOf(server), page));
                request.Headers.Host = host;
                using var answer = await http.SendAsync(request, Token);
                Assert.Equal(expected, answer.StatusCode);
            }
        }
    }

    [Fact]
    public async Task Keys_of_the_cluster_are_served_to_who_has_a_token()
    {
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "health-keys");
        var (secret, token) = ApiToken.Create("test", ApiScope.All);
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["tokens.json"], ApiTokens.Write([token]), Token);
        using var server = await ServeAsync(edge, ("Kad:Http:Tokens", folder["tokens.json"]));
        using var http = new HttpClient { BaseAddress = AddressOf(server) };
        var path = new Uri("/v1/keys/key?wait=durable", UriKind.Relative);
        using var refused = await http.PutAsync(path, new StringContent("value"), Token);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);

        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        using var put = await http.PutAsync(path, new StringContent("value"), Token);
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        var got = JsonNode.Parse(await http.GetStringAsync(new Uri("/v1/keys/key", UriKind.Relative), Token))!;
        Assert.Equal("value", got["value"]!.GetValue<string>());
    }

    /// <summary>The pages of an edge on a free port, as its process serves them.</summary>
    private async Task<IHost> ServeAsync(TestEdge edge, params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationManager { ["Kad:Http"] = "127.0.0.1:0" };
        foreach (var (key, value) in settings)
        {
            configuration[key] = value;
        }

        var options = KadSettings.ReadEdge(configuration);
        var host = new HostBuilder()
            .ConfigureServices(services => services.AddSingleton(edge.Health).AddSingleton<IGrainFactory>(cluster.Client))
            .ConfigureWebHost(web => EdgeHost.ConfigureHttp(web, () => options))
            .Build();
        await host.StartAsync(Token);
        return host;
    }

    private static Uri AddressOf(IHost server) => new(Announcer.HttpAddress(server.Services.GetRequiredService<IServer>()));

    private async Task SaysAsync(TestEdge edge, string expected)
    {
        using var server = await ServeAsync(edge);
        using var http = new HttpClient { BaseAddress = AddressOf(server) };
        var last = string.Empty;
        await Eventually.BecomesAsync(
            async () =>
            {
                using var ready = await http.GetAsync(new Uri("/health/ready", UriKind.Relative), Token);
                last = JsonNode.Parse(await ready.Content.ReadAsStringAsync(Token))!["status"]!.GetValue<string>();
                Assert.Equal(last == "ready" ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, ready.StatusCode);
                return last == expected;
            },
            () => last);
        Assert.Equal("""{"status":"live"}""", await http.GetStringAsync(new Uri("/health/live", UriKind.Relative), Token));
    }
}
