using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace KadOrleans.Tests.Deployment;

/// <summary>The Bicep files agree among themselves and with the manifests. Whether Azure takes them, only a deployment tells.</summary>
public sealed class BicepTests
{
    public static readonly IEnumerable<TheoryDataRow<string>> Files = Directory
        .EnumerateFiles(Repository.Path("infra/azure"), "*.bicep")
        .Select(file => new TheoryDataRow<string>(Path.GetFileName(file)));

    private static readonly BicepFile Main = new("main.bicep");

    [Theory]
    [MemberData(nameof(Files))]
    public void Each_bracket_is_paired(string file) => Assert.Equal(0, new BicepFile(file).UnpairedBrackets());

    [Theory]
    [MemberData(nameof(Files))]
    public void Each_resource_has_a_version_that_is_no_preview(string file) => Assert.All(
        new BicepFile(file).Types, type => Assert.Matches(@"^Microsoft\.[A-Za-z]+(/[A-Za-z]+)+@\d{4}-\d\d-\d\d$", type));

    [Theory]
    [MemberData(nameof(Files))]
    public void Each_parameter_is_used(string file)
    {
        var bicep = new BicepFile(file);
        Assert.All(bicep.Parameters, name => Assert.True(Regex.Count(bicep.Text, $@"\b{name}\b") > 1, name));
    }

    [Fact]
    public void The_cluster_shares_its_name_with_no_resource_beside_it()
    {
        var names = Files.SelectMany(file => new BicepFile(file.Data).Named).ToList();
        var cluster = Assert.Single(names, n => n.Type == "Microsoft.ContainerService/managedClusters").Name;

        Assert.Single(names, n => string.Equals(n.Name, cluster, StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("Microsoft.OperationalInsights/workspaces", 4, 63)]
    [InlineData("Microsoft.ContainerService/managedClusters", 1, 63)]
    [InlineData("Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials", 3, 120)]
    public void A_name_has_a_length_that_Azure_takes(string type, int shortest, int longest)
    {
        var names = Files.SelectMany(file => new BicepFile(file.Data).Named).Where(n => n.Type == type).ToList();

        Assert.NotEmpty(names);
        Assert.All(names, n => Assert.InRange(n.Name.Length, shortest, longest));
    }

    [Fact]
    public void Each_module_is_given_what_it_asks_for()
    {
        Assert.NotEmpty(Main.Modules);
        Assert.All(Main.Modules, module => Assert.Equal(module.File.Required.Order(), module.Given.Order()));
    }

    [Fact]
    public void Each_output_of_a_module_that_is_used_is_there()
    {
        var outputs = Main.Modules.ToDictionary(m => m.Name, m => m.File.Outputs);
        var used = Regex.Matches(Main.Text, @"\b(\w+)\.outputs\.(\w+)");
        Assert.NotEmpty(used);
        Assert.All(used, use => Assert.Contains(use.Groups[2].Value, outputs[use.Groups[1].Value]));
    }

    [Fact]
    public void The_parameters_file_gives_all_that_has_no_default()
    {
        var given = JsonNode.Parse(Repository.Read("infra/azure/main.parameters.json"))!["parameters"]!.AsObject().Select(p => p.Key).ToList();
        Assert.Subset(given.ToHashSet(), Main.Required.ToHashSet());
        Assert.Subset(Main.Parameters.ToHashSet(), given.ToHashSet());
    }

    [Theory]
    [InlineData("silo")]
    [InlineData("edge")]
    public void Each_account_of_pods_has_its_identity(string part)
    {
        var manifests = Manifests.Of("base");
        var workload = part == "silo" ? manifests.Silo : manifests.Edge;
        var subject = $"system:serviceaccount:{workload.Text("metadata.namespace")}:{workload.Text("spec.template.spec.serviceAccountName")}";
        var credential = Regex.Match(
            new BicepFile("federation.bicep").Text, @"resource \w+ '[^']*federatedIdentityCredentials[^']*' = \{\n  parent: " + part + @"\n.*?subject: '([^']+)'", RegexOptions.Singleline);

        Assert.Equal(subject, credential.Groups[1].Value);
    }

    [Fact]
    public void Each_port_that_edges_hold_towards_peers_is_open_and_no_other()
    {
        var ports = Manifests.Of("base").Edge.Entries("spec.template.spec.containers.0.ports").Where(p => p.Text("protocol") == "UDP");
        var open = Regex.Matches(
            new BicepFile("cluster.bicep").Text, @"portStart: (\d+)\s+portEnd: (\d+)\s+protocol: '(\w+)'")
            .Select(m => (m.Groups[1].Value, m.Groups[2].Value, m.Groups[3].Value));

        Assert.Equal(ports.Select(p => (p.Text("hostPort")!, p.Text("hostPort")!, "UDP")), open);
    }

    [Fact]
    public void Edges_are_scheduled_to_the_pool_with_public_addresses()
    {
        var text = new BicepFile("cluster.bicep").Text;
        var patch = Repository.Read("infra/kubernetes/overlays/azure/edge/node-pool.yaml");

        Assert.Contains("'kad.orleans/pool': 'edge'", text, StringComparison.Ordinal);
        Assert.Contains("'kad.orleans/pool=edge:NoSchedule'", text, StringComparison.Ordinal);
        Assert.Contains("kad.orleans/pool: edge", patch, StringComparison.Ordinal);
        Assert.Matches(@"key: kad\.orleans/pool\s+operator: Equal\s+value: edge\s+effect: NoSchedule", patch);
    }

    [Fact]
    public void Nodes_with_public_addresses_reach_a_restricted_API_server()
    {
        var ranges = Regex.Match(new BicepFile("cluster.bicep").Text, @"authorizedIPRanges: ([^\n]+)").Groups[1].Value;
        Assert.Equal("union(authorizedRanges, [publicAddresses.properties.ipPrefix])", ranges);
    }

    [Fact]
    public void Storage_takes_no_keys_and_nobody_from_outside()
    {
        var text = new BicepFile("storage.bicep").Text;
        Assert.Contains("allowSharedKeyAccess: false", text, StringComparison.Ordinal);
        Assert.Contains("allowBlobPublicAccess: false", text, StringComparison.Ordinal);
        Assert.Contains("defaultAction: 'Deny'", text, StringComparison.Ordinal);
        Assert.Contains("disableLocalAccounts: true", new BicepFile("cluster.bicep").Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_region_without_zones_gets_storage_without_them() => Assert.Contains(
        "name: empty(zones) ? 'Standard_LRS' : 'Standard_ZRS'", new BicepFile("storage.bicep").Text, StringComparison.Ordinal);

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
internal sealed partial class BicepFile(string name)
{
    /// <summary>The whole text.</summary>
    public string Text { get; } = Repository.Read($"infra/azure/{name}");

    /// <summary>Parameters that must be given.</summary>
    public IReadOnlyList<string> Required => [.. Parameter().Matches(Text).Where(m => m.Groups[2].Value.Length == 0).Select(m => m.Groups[1].Value)];

    /// <summary>All parameters.</summary>
    public IReadOnlyList<string> Parameters => [.. Parameter().Matches(Text).Select(m => m.Groups[1].Value)];

    public IReadOnlyList<string> Outputs => [.. Output().Matches(Text).Select(m => m.Groups[1].Value)];

    /// <summary>The types of resources with their versions.</summary>
    public IReadOnlyList<string> Types => [.. ResourceType().Matches(Text).Select(m => m.Groups[1].Value)];

    /// <summary>The resources that have a fixed name: type and name.</summary>
    public IEnumerable<(string Type, string Name)> Named =>
        NamedResource().Matches(Text).Select(m => (m.Groups[1].Value, m.Groups[2].Value));

    /// <summary>Each module: its symbolic name, its file, and the parameters that it is given.</summary>
    public IEnumerable<(string Name, BicepFile File, string[] Given)> Modules => Module().Matches(Text).Select(m => (
        m.Groups[1].Value,
        new BicepFile(m.Groups[2].Value),
        Given().Matches(m.Groups[3].Value).Select(p => p.Groups[1].Value).ToArray()));

    /// <summary>Brackets that are closed by none of their kind, or close none, with strings and comments left out.</summary>
    public int UnpairedBrackets()
    {
        var open = new Stack<char>();
        var wrong = 0;
        foreach (var bracket in Silent().Replace(Text, string.Empty).Where(c => "()[]{}".Contains(c, StringComparison.Ordinal)))
        {
            if ("([{".Contains(bracket, StringComparison.Ordinal))
            {
                open.Push(bracket);
            }
            else if (!open.TryPop(out var opened) || "([{".IndexOf(opened, StringComparison.Ordinal) != ")]}".IndexOf(bracket, StringComparison.Ordinal))
            {
                wrong++;
            }
        }

        return wrong + open.Count;
    }

    [GeneratedRegex(@"^param (\w+) \w+( =)?", RegexOptions.Multiline)]
    private static partial Regex Parameter();

    [GeneratedRegex(@"^output (\w+) ", RegexOptions.Multiline)]
    private static partial Regex Output();

    [GeneratedRegex(@"^resource \w+ '([^']+)'", RegexOptions.Multiline)]
    private static partial Regex ResourceType();

    [GeneratedRegex(@"^resource \w+ '([^'@]+)@[^']+' = \{\n(?:  parent: \w+\n)?  name: '([^'$]+)'$", RegexOptions.Multiline)]
    private static partial Regex NamedResource();

    [GeneratedRegex(@"^module (\w+) '([^']+)' = \{\n(.*?)\n\}$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Module();

    [GeneratedRegex(@"^    (\w+):", RegexOptions.Multiline)]
    private static partial Regex Given();

    [GeneratedRegex(@"'(?:\\.|[^'\n])*'|//[^\n]*")]
    private static partial Regex Silent();
}
