using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using KadOrleans.Core;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace KadOrleans.Aspire.Tests;

/// <summary>App hosts that run, without containers: orchestrator, silos, edges and a client are processes.</summary>
public sealed class RunningTests : FolderTests
{
    private readonly CancellationToken _cancelled = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_cluster_alone_is_one_process_that_keeps_what_it_acknowledged_when_it_is_killed()
    {
        await using var builder = AppHosts.Create();
        builder.AddKadCluster("kad", token: Token(builder)).WithDataFolder(Folder);
        await using var host = await builder.BuildAsync(_cancelled);
        await StartAsync(host);

        using var http = Client(host, "kad-silo-1");
        await PutAsync(http, "greeting", "hello");
        Kill(host, "kad-silo-1");
        await ExitedAsync(host, "kad-silo-1");
        await host.ResourceNotifications.WaitForResourceAsync("kad", KnownResourceStates.Exited, _cancelled).WaitAsync(AppHosts.Longest);

        await host.ResourceCommands.ExecuteCommandAsync("kad-silo-1", KnownResourceCommands.StartCommand, _cancelled);
        await host.ResourceNotifications.WaitForResourceHealthyAsync("kad-silo-1", _cancelled).WaitAsync(AppHosts.Longest);
        using var again = Client(host, "kad-silo-1");
        Assert.Equal("hello", await GetAsync(again, "greeting"));
        await EndAsync(host);
    }

    [Fact]
    [Needs(Need.PostgreSql)]
    public async Task What_one_edge_takes_another_one_and_http_serve_while_a_silo_is_killed()
    {
        await using var database = await PostgreSqlServer.StartAsync();
        await using var builder = AppHosts.Create();
        builder.Configuration["ConnectionStrings:orleans"] = database.ConnectionString;
        builder.AddKadCluster("kad", silos: 2, token: Token(builder)).WithDataFolder(Folder)
            .WithEdge("edge-1", configure: edge => edge.WithEndpoint("udp", udp => udp.TargetHost = "0.0.0.0")).WithEdge("edge-2")
            .WithPostgreSql(builder.AddConnectionString("orleans"));
        await using var host = await builder.BuildAsync(_cancelled);
        await StartAsync(host);

        await using var writer = new UdpAsker(Udp(host, "edge-1"), source: 31, answersPings: true);
        await using var reader = new UdpAsker(Udp(host, "edge-2"), source: 32, answersPings: true);
        var key = NodeId.FromKey("greeting");
        Assert.True(await writer.StoreAsync(key, "hello").WaitAsync(AppHosts.Longest));
        await Eventually.BecomesAsync(async () => await reader.FindValueAsync(key) == "hello", () => null);
        using var http = Client(host, "kad-silo-2");
        Assert.Equal("hello", await GetAsync(http, "greeting"));

        Kill(host, "kad-silo-1");
        await ExitedAsync(host, "kad-silo-1");

        // The cluster hears of it by itself.
        var checks = host.Services.GetRequiredService<HealthCheckService>();
        var cluster = await Eventually.ReadAsync(
            async () => (await checks.CheckHealthAsync(check => check.Name == "kad-members", _cancelled)).Entries["kad-members"],
            static health => health.Status == HealthStatus.Degraded);
        Assert.Matches("^kad-silo-1 is (Exited|Finished) with code -?[0-9]+[.]$", cluster.Description);
        await EndAsync(host);
    }

    [Fact]
    public async Task A_client_finds_the_cluster_by_its_reference()
    {
        await using var builder = AppHosts.Create();
        var kad = builder.AddKadCluster("kad", token: Token(builder)).WithDataFolder(Folder).WithEdge("edge-1").WithEdge("edge-2");
        builder.AddProject<Projects.Guestbook_Cluster>("guestbook").WithArgs("--Visitor=Ada").WithReference(kad).WaitFor(kad);
        await using var host = await builder.BuildAsync(_cancelled);
        await StartAsync(host);

        await host.ResourceNotifications.WaitForResourceAsync("guestbook", KnownResourceStates.Finished, _cancelled).WaitAsync(AppHosts.Longest);
        using var http = Client(host, "kad-silo-1");
        Assert.Equal("Ada", await GetAsync(http, "guestbook"));
        await using var reader = new UdpAsker(Udp(host, "edge-2"), source: 33, answersPings: true);
        Assert.Equal("Ada", await reader.FindValueAsync(NodeId.FromKey("guestbook")).WaitAsync(AppHosts.Longest));
        await EndAsync(host);
    }

    private const string Secret = "a token for the tests alone";

    private static IResourceBuilder<ParameterResource> Token(IDistributedApplicationBuilder builder) =>
        builder.AddParameter("operator", Secret, secret: true);

    private async Task StartAsync(DistributedApplication host)
    {
        await host.StartAsync(_cancelled).WaitAsync(AppHosts.Longest);
        await host.ResourceNotifications.WaitForResourceHealthyAsync("kad", _cancelled).WaitAsync(AppHosts.Longest);
    }

    // The resource says that its process ended, and how.
    private Task<ResourceEvent> ExitedAsync(DistributedApplication host, string resource) => host.ResourceNotifications.WaitForResourceAsync(
        resource,
        update => KnownResourceStates.TerminalStates.Contains(update.Snapshot.State?.Text) && update.Snapshot.ExitCode is not (null or 0),
        _cancelled).WaitAsync(AppHosts.Longest);

    // Processes of an app host end with it.
    private static async Task EndAsync(DistributedApplication host)
    {
        var cluster = host.Services.GetRequiredService<DistributedApplicationModel>().Resources.OfType<KadClusterResource>().Single();
        var processes = cluster.Silos.Concat(cluster.Edges).DistinctBy(member => member.Name).Select(member => Process(host, member.Name)).ToList();
        Assert.NotEmpty(processes);
        await host.DisposeAsync();
        Assert.All(processes, process => Assert.True(process?.WaitForExit(AppHosts.Longest) ?? true));
    }

    private static HttpClient Client(DistributedApplication host, string silo)
    {
        var http = host.CreateHttpClient(silo, "http");
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Secret);
        return http;
    }

    private static IPEndPoint Udp(DistributedApplication host, string edge) => new(IPAddress.Loopback, host.GetEndpoint(edge, "udp").Port);

    private async Task PutAsync(HttpClient http, string key, string value)
    {
        using var response = await http.PutAsJsonAsync($"/v1/keys/{key}", new { value }, _cancelled);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(_cancelled));
    }

    private async Task<string?> GetAsync(HttpClient http, string key) =>
        (await http.GetFromJsonAsync<JsonElement>($"/v1/keys/{key}", _cancelled)).GetProperty("value").GetString();

    private static void Kill(DistributedApplication host, string resource)
    {
        using var process = Process(host, resource);
        process!.Kill();
    }

    private static Process? Process(DistributedApplication host, string resource)
    {
        Assert.True(host.ResourceNotifications.TryGetCurrentState(resource, out var update));
        var id = update.Snapshot.Properties.Single(property => property.Name == "executable.pid").Value;
        try
        {
            return System.Diagnostics.Process.GetProcessById(Convert.ToInt32(id, System.Globalization.CultureInfo.InvariantCulture));
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
