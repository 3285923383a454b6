using System.Data.Common;
using KadOrleans.Server;
using Microsoft.Extensions.Configuration;

namespace KadOrleans.Tests.Deployment;

/// <summary>The cluster of compose.yaml: the executables' own readers take its settings, and what it names is there.</summary>
public sealed class ComposeTests
{
    private const string Folder = "infra/docker";

    private static readonly Dictionary<string, JsonNode> Services =
        Yaml.Documents(Repository.Read($"{Folder}/compose.yaml"))[0].At("services")!.AsObject().ToDictionary(service => service.Key, service => service.Value!);

    [Theory]
    [InlineData("silo-1")]
    [InlineData("silo-2")]
    public void A_silo_reads_its_environment(string name)
    {
        var settings = KadSettings.ReadSilo(Environment(name), new KadProviders().Known);

        Assert.Equal((ServerRole.Silo, PostgreSqlProvider.StorageName), (settings.Role, settings.Storage));
        Assert.Equal(new IPEndPoint(IPAddress.Any, 8080), settings.Http.EndPoint);
        Assert.Equal((true, false), (settings.ServesDashboard, settings.HasEdge));
        AssertDatabase(name);
        var keys = Environment(name).GetSection("Kad:Cluster");
        Assert.All([keys["GatewayKey"], keys["SiloKey"]], key => Assert.Matches("^[0-9a-f]{64}$", key));
        Assert.NotEqual(keys["GatewayKey"], keys["SiloKey"]);
        Assert.Equal(keys.AsEnumerable(), Environment("silo-1").GetSection("Kad:Cluster").AsEnumerable());

        // The token's file is in the volume that the token's service writes.
        Assert.Equal(["tokens:/tokens:ro"], Services[name].Texts("volumes"));
        Assert.Equal("/tokens/tokens.json", settings.Http.Tokens);
        Assert.Equal(["tokens:/data"], Services["token"].Texts("volumes"));
        Assert.Contains("/data/tokens.json", Services["token"].Texts("command"));
        Assert.Equal(["token", "add", "operator"], Services["token"].Texts("command").Take(3));
    }

    [Theory]
    [InlineData("silo-1")]
    [InlineData("silo-2")]
    public void A_silo_serves_HTTPS_where_the_second_file_says_so(string name)
    {
        var second = Yaml.Documents(Repository.Read($"{Folder}/compose.https.yaml"))[0].At($"services.{name}")!;
        var both = Services[name].Pairs("environment").Concat(second.Pairs("environment"))
            .GroupBy(pair => pair.Key).ToDictionary(pairs => pairs.Key, pairs => pairs.Last().Value);
        var http = KadSettings.ReadSilo(ContainerEnvironment.AsConfiguration(both), new KadProviders().Known).Http;

        Assert.Equal(8080, http.EndPoint.Port);
        Assert.Equal(new HttpCertificateOptions("/http-certificate/tls.crt", "/http-certificate/tls.key", null), http.Certificate);
        Assert.Equal(["../../certificates/http:/http-certificate:ro"], second.Texts("volumes"));
    }

    [Theory]
    [InlineData("edge-1")]
    [InlineData("edge-2")]
    public void An_edge_reads_its_environment_and_publishes_the_port_that_it_listens_on(string name)
    {
        var settings = KadSettings.ReadEdge(Environment(name), new KadProviders().Known);

        Assert.Equal((ServerRole.Edge, PostgreSqlProvider.StorageName, name), (settings.Role, settings.Clustering, settings.Edge.Name));
        Assert.EndsWith($":{settings.Edge.Endpoints[0].Port}/udp", Assert.Single(Services[name].Texts("ports")), StringComparison.Ordinal);
        AssertDatabase(name);
        Assert.Equal(Environment("silo-1")["Kad:Cluster:GatewayKey"], Environment(name)["Kad:Cluster:GatewayKey"]);
        Assert.All(
            Environment(name)["Kad:Edge:Bootstrap"]?.Split(',') ?? [],
            bootstrap => Assert.EndsWith($":{KadSettings.ReadEdge(Environment(bootstrap.Split(':')[0]), new KadProviders().Known).Edge.Endpoints[0].Port}", bootstrap, StringComparison.Ordinal));
    }

    [Fact]
    public void What_its_services_build_and_mount_is_in_the_repository_and_they_wait_for_the_database()
    {
        Assert.Equal(["database", "edge-1", "edge-2", "silo-1", "silo-2", "token"], Services.Keys.Order());
        Assert.All(Services.Where(service => service.Key != "database"), one =>
        {
            var (name, service) = one;
            Assert.True(File.Exists(Repository.Path(service.Text("build.dockerfile")!)), name);
            Assert.Equal(Path.GetFullPath(Repository.Root), Path.GetFullPath(Path.Combine(Repository.Path(Folder), service.Text("build.context")!)));
            Assert.Equal(name == "token" ? null : "service_healthy", service.Text("depends_on.database.condition"));
        });

        var schema = Services["database"].Texts("volumes").Last().Split(':');
        Assert.True(File.Exists(Path.Combine(Repository.Path(Folder), schema[0])));
        Assert.StartsWith("/docker-entrypoint-initdb.d/", schema[1], StringComparison.Ordinal);
    }

    [Fact]
    public void The_silos_key_is_in_the_environment_of_silos_alone()
    {
        var others = Services.Where(service => !service.Key.StartsWith("silo-", StringComparison.Ordinal));
        Assert.All(others, service => Assert.DoesNotMatch(ClusterKeysTests.SilosKey, service.Value.ToJsonString()));
        var key = Environment("silo-1")["Kad:Cluster:SiloKey"]!;
        Assert.All(others, service => Assert.DoesNotContain(key, service.Value.ToJsonString(), StringComparison.Ordinal));
    }

    [Fact]
    public void Each_process_has_the_time_to_stop_that_it_takes_and_starts_again()
    {
        foreach (var (name, longest) in ((string, TimeSpan)[])[("silo", KadOptions.SiloShutdownTimeout), ("edge", KadOptions.EdgeShutdownTimeout)])
        {
            Assert.All(Services.Where(service => service.Key.StartsWith(name, StringComparison.Ordinal)), service => Assert.True(
                int.Parse(service.Value.Text("stop_grace_period")!.TrimEnd('s'), CultureInfo.InvariantCulture) > longest.TotalSeconds));
        }

        Assert.All(Services.Where(service => service.Key != "token"), service => Assert.Equal("unless-stopped", service.Value.Text("restart")));
    }

    private static void AssertDatabase(string name)
    {
        var connection = new DbConnectionStringBuilder { ConnectionString = Environment(name)["Kad:PostgreSql:ConnectionString"] };
        var database = Services["database"].Pairs("environment");
        Assert.Equal(
            ("database", database["POSTGRES_DB"], database["POSTGRES_USER"], database["POSTGRES_PASSWORD"]),
            ((string)connection["Host"], (string)connection["Database"], (string)connection["Username"], (string)connection["Password"]));
    }

    private static IConfigurationRoot Environment(string name) => ContainerEnvironment.AsConfiguration(Services[name].Pairs("environment"));
}
