using System.Data.Common;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Tests.Deployment;

/// <summary>The cluster of compose.yaml: the executables' own readers take its settings, and what it names is there.</summary>
public sealed class ComposeTests
{
    private const string Folder = "infra/docker";

    private static readonly JsonObject Compose = Yaml.Documents(Repository.Read($"{Folder}/compose.yaml"))[0];

    private static IEnumerable<(string Name, JsonNode Service)> Services =>
        Compose.At("services")!.AsObject().Select(service => (service.Key, service.Value!));

    [Fact]
    public void It_has_a_database_two_silos_and_two_edges() =>
        Assert.Equal(["database", "edge-1", "edge-2", "silo-1", "silo-2", "token"], Services.Select(service => service.Name).Order());

    [Theory]
    [InlineData("silo-1")]
    [InlineData("silo-2")]
    public void A_silo_reads_its_environment(string name)
    {
        var configuration = Environment(name);
        var settings = KadSettings.ReadSilo(configuration);

        Assert.Equal((ServerRole.Silo, StorageChoice.AdoNet), (settings.Role, settings.Storage));
        Assert.Equal(new IPEndPoint(IPAddress.Any, 8080), settings.Http.EndPoint);
        Assert.True(settings.ServesDashboard);
        Assert.False(settings.HasEdge);
        AssertDatabase(configuration);

        // The token's file is in the volume that the token's service writes.
        Assert.Equal("tokens:/tokens:ro", Service(name).Entries("volumes").Single().GetValue<string>());
        Assert.Equal("/tokens/tokens.json", settings.Http.Tokens);
        Assert.Equal("tokens:/data", Service("token").Entries("volumes").Single().GetValue<string>());
        Assert.Contains("/data/tokens.json", Service("token").Entries("command").Select(word => word.GetValue<string>()));
    }

    [Theory]
    [InlineData("edge-1")]
    [InlineData("edge-2")]
    public void An_edge_reads_its_environment_and_publishes_the_port_that_it_listens_on(string name)
    {
        var configuration = Environment(name);
        var settings = KadSettings.ReadEdge(configuration);

        Assert.Equal((ServerRole.Edge, StorageChoice.AdoNet), (settings.Role, settings.Clustering));
        Assert.Equal(name, settings.Edge.Name);
        Assert.EndsWith($":{settings.Edge.Endpoints[0].Port}/udp", Service(name).Entries("ports").Single().GetValue<string>(), StringComparison.Ordinal);
        AssertDatabase(configuration);
        Assert.Equal(Environment("silo-1")["Kad:Cluster:EdgeKey"], configuration["Kad:Cluster:EdgeKey"]);
        foreach (var bootstrap in configuration["Kad:Edge:Bootstrap"]?.Split(',') ?? [])
        {
            var (host, port) = (bootstrap.Split(':')[0], int.Parse(bootstrap.Split(':')[1], null));
            Assert.Equal(KadSettings.ReadEdge(Environment(host)).Edge.Endpoints[0].Port, port);
        }
    }

    [Fact]
    public void What_it_builds_and_mounts_is_in_the_repository()
    {
        foreach (var (name, service) in Services.Where(service => service.Name != "database"))
        {
            Assert.True(File.Exists(Repository.Path(service.Text("build.dockerfile")!)), name);
            Assert.Equal(Path.GetFullPath(Repository.Root), Path.GetFullPath(Path.Combine(Repository.Path(Folder), service.Text("build.context")!)));
        }

        var schema = Service("database").Entries("volumes").Last().GetValue<string>().Split(':');
        Assert.True(File.Exists(Path.Combine(Repository.Path(Folder), schema[0])));
        Assert.StartsWith("/docker-entrypoint-initdb.d/", schema[1], StringComparison.Ordinal);
    }

    [Fact]
    public void All_wait_for_the_database() => Assert.All(
        Services.Where(service => service.Name is not ("database" or "token")),
        service => Assert.Equal("service_healthy", service.Service.Text("depends_on.database.condition")));

    private static void AssertDatabase(IConfiguration configuration)
    {
        var connection = new DbConnectionStringBuilder { ConnectionString = configuration["Kad:PostgreSql:ConnectionString"] };
        var database = Service("database").Pairs("environment");
        Assert.Equal("database", connection["Host"]);
        Assert.Equal(
            (database["POSTGRES_DB"], database["POSTGRES_USER"], database["POSTGRES_PASSWORD"]),
            ((string)connection["Database"], (string)connection["Username"], (string)connection["Password"]));
    }

    private static JsonNode Service(string name) => Compose.At("services")![name]!;

    private static IConfigurationRoot Environment(string name) => ContainerEnvironment.AsConfiguration(Service(name).Pairs("environment"));
}
