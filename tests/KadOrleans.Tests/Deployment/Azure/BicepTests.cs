namespace KadOrleans.Tests.Deployment;

/// <summary>The Bicep files agree among themselves and with the manifests. Whether Azure takes them, only a deployment tells.</summary>
public sealed class BicepTests
{
    public static readonly IEnumerable<TheoryDataRow<string>> Files = Directory
        .EnumerateFiles(Repository.Path("infra/azure"), "*.bicep")
        .Select(file => new TheoryDataRow<string>(Path.GetFileName(file)));

    private static readonly BicepFile Main = new("main.bicep");

    private static readonly IReadOnlyList<(string Type, string Name)> Named = [.. Files.SelectMany(file => new BicepFile(file.Data).Named)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Brackets_are_paired_parameters_used_and_no_resource_has_a_preview(string file)
    {
        var bicep = new BicepFile(file);
        Assert.Empty(bicep.UnpairedBrackets());
        Assert.All(bicep.Types, type => Assert.Matches(@"^Microsoft\.[A-Za-z]+(/[A-Za-z]+)+@\d{4}-\d\d-\d\d$", type));
        Assert.All(bicep.Parameters, name => Assert.True(Regex.Count(bicep.Text, $@"\b{name}\b") > 1, name));
    }

    [Theory]
    [InlineData("Microsoft.OperationalInsights/workspaces", 4, 63)]
    [InlineData("Microsoft.ContainerService/managedClusters", 1, 63)]
    [InlineData("Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials", 3, 120)]
    public void A_name_has_a_length_that_Azure_takes_and_the_cluster_shares_its_own_with_no_resource_beside_it(string type, int shortest, int longest)
    {
        var names = Named.Where(n => n.Type == type).ToList();

        Assert.NotEmpty(names);
        Assert.All(names, n => Assert.InRange(n.Name.Length, shortest, longest));
        var cluster = Assert.Single(Named, n => n.Type == "Microsoft.ContainerService/managedClusters").Name;
        Assert.Single(Named, n => string.Equals(n.Name, cluster, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void Modules_are_given_what_they_ask_for_and_have_the_outputs_that_are_used()
    {
        var outputs = Main.Modules.ToDictionary(m => m.Name, m => m.File.Outputs);
        var used = Regex.Matches(Main.Text, @"\b(\w+)\.outputs\.(\w+)");

        Assert.NotEmpty(outputs);
        Assert.NotEmpty(used);
        Assert.All(Main.Modules, module => Assert.Equal(module.File.Required.Order(), module.Given.Order()));
        Assert.All(used, use => Assert.Contains(use.Groups[2].Value, outputs[use.Groups[1].Value]));
    }

    [Fact]
    public void The_parameters_file_gives_all_that_has_no_default()
    {
        var given = JsonNode.Parse(Repository.Read("infra/azure/main.parameters.json"))!["parameters"]!.AsObject().Select(p => p.Key).ToHashSet();
        Assert.Subset(given, Main.Required.ToHashSet());
        Assert.Subset(Main.Parameters.ToHashSet(), given);
    }

    [Theory]
    [InlineData("silo")]
    [InlineData("edge")]
    public void Each_account_of_pods_has_its_identity(string part)
    {
        var workload = part == "silo" ? Manifests.Of("base").Silo : Manifests.Of("base").Edge;
        var credential = Regex.Match(
            new BicepFile("federation.bicep").Text,
            @"resource \w+ '[^']*federatedIdentityCredentials[^']*' = \{\n  parent: " + part + @"\n.*?subject: '([^']+)'",
            RegexOptions.Singleline);

        Assert.Equal(
            $"system:serviceaccount:{workload.Text("metadata.namespace")}:{workload.Pod().Text("serviceAccountName")}", credential.Groups[1].Value);
    }

    [Fact]
    public void Each_port_that_edges_hold_towards_peers_is_open_and_no_other()
    {
        var ports = Manifests.Of("base").Edge.Container().Entries("ports").Where(p => p.Text("protocol") == "UDP").Select(p => p.Text("hostPort"));
        var open = Regex.Matches(new BicepFile("cluster.bicep").Text, @"portStart: (\d+)\s+portEnd: (\d+)\s+protocol: '(\w+)'");

        Assert.Equal(ports.Select(port => $"{port} {port} UDP"), open.Select(m => $"{m.Groups[1]} {m.Groups[2]} {m.Groups[3]}"));
    }

    [Fact]
    public void Edges_are_scheduled_to_the_pool_with_public_addresses()
    {
        var patch = Repository.Read("infra/kubernetes/overlays/azure/edge/node-pool.yaml");

        Assert.Contains("kad.orleans/pool: edge", patch, StringComparison.Ordinal);
        Assert.Matches(@"key: kad\.orleans/pool\s+operator: Equal\s+value: edge\s+effect: NoSchedule", patch);
    }

    // What `union` makes has no type, so the compiler would let a wrong property pass.
    [Fact]
    public void Pools_have_a_type_that_the_compiler_checks_and_edges_nodes_the_kernel_limits_that_edges_ask_for()
    {
        var cluster = new BicepFile("cluster.bicep").Text;
        var buffers = new UdpTransportOptions { Listen = [] };

        Assert.Equal(2, Regex.Count(cluster, @"(?m)^        \.\.\.pool$"));
        Assert.DoesNotContain("union(pool", cluster, StringComparison.Ordinal);
        Assert.Contains($"netCoreRmemMax: {buffers.ReceiveBufferBytes}\n", cluster, StringComparison.Ordinal);
        Assert.Contains($"netCoreWmemMax: {buffers.SendBufferBytes}\n", cluster, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("storage.bicep", "allowSharedKeyAccess: false")]
    [InlineData("storage.bicep", "allowBlobPublicAccess: false")]
    [InlineData("storage.bicep", "defaultAction: 'Deny'")]
    [InlineData("storage.bicep", "name: empty(zones) ? 'Standard_LRS' : 'Standard_ZRS'")]
    [InlineData("cluster.bicep", "disableLocalAccounts: true")]
    [InlineData("cluster.bicep", "'kad.orleans/pool': 'edge'")]
    [InlineData("cluster.bicep", "'kad.orleans/pool=edge:NoSchedule'")]
    [InlineData("cluster.bicep", "authorizedIPRanges: union(authorizedRanges, [publicAddresses.properties.ipPrefix])\n")]
    public void Storage_is_closed_and_nodes_have_their_pool_and_reach_the_API_server(string file, string line) =>
        Assert.Contains(line, new BicepFile(file).Text, StringComparison.Ordinal);

    [Fact]
    public void An_edge_may_read_no_blob_and_write_no_row()
    {
        var text = new BicepFile("storage.bicep").Text;
        var assigned = Regex.Matches(text, @"principalId: edgePrincipalId.*?roleDefinitionId: ([^\n]+)", RegexOptions.Singleline);
        var data = Regex.Match(text, @"dataActions: \[([^\]]*)\]").Groups[1].Value;

        Assert.Equal("gatewayReader.id", Assert.Single(assigned).Groups[1].Value);
        Assert.Equal("'Microsoft.Storage/storageAccounts/tableServices/tables/entities/read'", data);
    }
}

/// <summary>What a Bicep file declares, as far as its lines tell without the compiler.</summary>
internal sealed class BicepFile(string name)
{
    private static readonly Regex Parameter = new(@"^param (\w+) \w+( =)?", RegexOptions.Multiline);
    private static readonly Regex Output = new(@"^output (\w+) ", RegexOptions.Multiline);
    private static readonly Regex ResourceType = new(@"^resource \w+ '([^']+)'", RegexOptions.Multiline);
    private static readonly Regex NamedResource = new(@"^resource \w+ '([^'@]+)@[^']+' = \{\n(?:  parent: \w+\n)?  name: '([^'$]+)'$", RegexOptions.Multiline);
    private static readonly Regex Module = new(@"^module (\w+) '([^']+)' = \{\n(.*?)\n\}$", RegexOptions.Multiline | RegexOptions.Singleline);
    private static readonly Regex Given = new(@"^    (\w+):", RegexOptions.Multiline);
    private static readonly Regex Silent = new(@"'(?:\\.|[^'\n])*'|//[^\n]*");
    private static readonly Regex NoBracket = new(@"[^][(){}]");
    private static readonly Regex Pair = new(@"\(\)|\[\]|\{\}");

    public string Text { get; } = Repository.Read($"infra/azure/{name}");

    public IReadOnlyList<string> Required => [.. Parameter.Matches(Text).Where(m => m.Groups[2].Value.Length == 0).Select(m => m.Groups[1].Value)];

    public IReadOnlyList<string> Parameters => [.. Parameter.Matches(Text).Select(m => m.Groups[1].Value)];

    public IReadOnlyList<string> Outputs => [.. Output.Matches(Text).Select(m => m.Groups[1].Value)];

    public IReadOnlyList<string> Types => [.. ResourceType.Matches(Text).Select(m => m.Groups[1].Value)];

    /// <summary>The resources that have a fixed name: type and name.</summary>
    public IEnumerable<(string Type, string Name)> Named =>
        NamedResource.Matches(Text).Select(m => (m.Groups[1].Value, m.Groups[2].Value));

    /// <summary>Each module: its symbolic name, its file, and the parameters that it is given.</summary>
    public IEnumerable<(string Name, BicepFile File, string[] Given)> Modules => Module.Matches(Text).Select(m => (
        m.Groups[1].Value,
        new BicepFile(m.Groups[2].Value),
        Given.Matches(m.Groups[3].Value).Select(p => p.Groups[1].Value).ToArray()));

    /// <summary>Brackets that are closed by none of their kind, or close none, with strings and comments left out.</summary>
    public string UnpairedBrackets()
    {
        var brackets = NoBracket.Replace(Silent.Replace(Text, string.Empty), string.Empty);
        while (Pair.IsMatch(brackets))
        {
            brackets = Pair.Replace(brackets, string.Empty);
        }

        return brackets;
    }
}
