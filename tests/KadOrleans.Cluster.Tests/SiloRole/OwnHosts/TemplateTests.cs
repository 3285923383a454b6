using System.Xml.Linq;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>The templates of <c>dotnet new</c> as a stranger installs them, from the packed file.</summary>
public sealed class TemplateTests
{
    private const string Says = "The DHT says hello.";

    [Fact]
    [Trait("Tier", "Long")]
    public async Task Programs_of_the_templates_are_node_silo_edge_and_client_from_the_packages_alone()
    {
        using var program = new NewProgram();
        await program.PackAsync("KadOrleans.sln");
        var cluster = await program.MakeAsync("kad-cluster", "MyCluster");
        var node = await program.MakeAsync("kad-node", "MyNode");
        Assert.All(
            [".gitignore", "README.md"],
            file => Assert.All(["MyCluster", "MyNode"], name => Assert.True(File.Exists(Path.Combine(program.Folder, name, file)), $"{name}/{file}")));
        Assert.StartsWith("# MyNode\n", File.ReadAllText(Path.Combine(program.Folder, "MyNode", "README.md")), StringComparison.Ordinal);
        var ports = $"--GatewayPort={FreePort.Tcp()}";

        // A silo alone, and an edge beside it that is its client.
        await using (var silo = await RunningHost.StartAsync(cluster, program.Folder, hasEdge: false, "--Role=silo", $"--SiloPort={FreePort.Tcp()}", ports))
        await using (var edge = await RunningHost.StartAsync(cluster, program.Folder, hasEdge: true, "--Role=EDGE", "--Kad:Edge:Listen:0=127.0.0.1:0", ports))
        {
            Assert.Equal(Says, await edge.Client.GetStringAsync("/"));
            Assert.Equal("hello", await edge.GetAsync("greeting"));

            await using var visitor = ChildProcess.Start(node, program.Folder, $"--Kad:Bootstrap:0={edge.Edge}", "--Listen=127.0.0.1:0");
            Assert.Equal(Says, await visitor.LineAsync("The DHT"));
            Assert.Equal(0, await edge.StopAsync());
            Assert.Equal(0, await silo.StopAsync());
        }

        // Both in one process, with what the silo kept, and with the console, whose pages need what its packages need.
        var tokens = Path.Combine(program.Folder, "tokens.json");
        File.WriteAllText(tokens, ApiTokens.Write([ApiToken.Create("me", ApiScope.All).Token]));
        await using var both = await RunningHost.StartAsync(
            cluster, program.Folder, hasEdge: true, "--Kad:Edge:Listen:0=127.0.0.1:0", $"--SiloPort={FreePort.Tcp()}", $"--Tokens={tokens}", ports);
        Assert.Equal("hello", await both.GetAsync("greeting"));
        Assert.Equal(Says, await both.Client.GetStringAsync("/"));
        Assert.Contains("<h1", await both.Client.GetStringAsync("/console/docs/runbook.md"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kad-node", "kad-data/")]
    [InlineData("kad-cluster", "kad-cluster-data/")]
    public void A_program_of_a_template_is_for_its_machine_alone_and_keeps_its_data_out_of_git(string template, string data)
    {
        string Read(string name) => Repository.Read($"templates/{template}/{name}");
        Assert.Contains("\"127.0.0.1:8468\"", Read("appsettings.json"), StringComparison.Ordinal);
        Assert.DoesNotContain("\"0.0.0.0", Read("appsettings.json") + Read("Program.cs"), StringComparison.Ordinal);
        Assert.Contains(data, Read(".gitignore").Split('\n'));
        Assert.Contains($"`{data.TrimEnd('/')}`", Read("README.md"), StringComparison.Ordinal);
    }

    [Fact]
    public void Templates_name_the_packages_that_the_product_is_built_with() => Assert.All(
        Directory.EnumerateDirectories(Repository.Path("templates"), "kad-*").SelectMany(folder => Directory.EnumerateFiles(folder, "*.csproj"))
            .SelectMany(file => XDocument.Load(file).Descendants("PackageReference")),
        reference => Assert.Equal(
            reference.Attribute("Include")!.Value is var id && id.StartsWith("KadOrleans.", StringComparison.Ordinal) ? "KAD_VERSION" : NewProgram.VersionOf(id),
            reference.Attribute("Version")!.Value));
}
