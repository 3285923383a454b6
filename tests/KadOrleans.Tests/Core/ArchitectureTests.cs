using System.Xml.Linq;

namespace KadOrleans.Tests.Core;

/// <summary>The layout is in docs/architecture.md: projects, and what each is built on.</summary>
public class ArchitectureTests
{
    private const string Prefix = "KadOrleans.";

    private static readonly string[] WithOrleans = ["Client", "Edge", "Grains", "GrainStorage.PostgreSql", "GrainStorage.Sqlite", "Server"];

    private static readonly Dictionary<string, XDocument> Projects = ReadProjects("src");
    private static readonly Dictionary<string, XDocument> Tests = ReadProjects("tests");
    private static readonly Dictionary<string, string[]> Layout = ReadRows("## Projects").ToDictionary(row => row[0], row => Names(row[2]));

    [Fact]
    public void The_core_references_the_base_library_alone()
    {
        var references = typeof(NodeId).Assembly.GetReferencedAssemblies();
        var folder = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        Assert.NotEmpty(references);
        Assert.All(references, reference => Assert.True(
            File.Exists(Path.Combine(folder, $"{reference.Name}.dll")), reference.Name));
    }

    [Fact]
    public void The_layout_names_each_project_and_what_it_is_built_on()
    {
        Assert.Equal(Projects.Keys.Order(), Layout.Keys.Order());
        Assert.All(Projects, pair => Assert.Equal(Layout[pair.Key].Order(), References(pair.Value).Order()));
    }

    [Fact]
    public void Nothing_is_built_on_an_executable() => Assert.All(Projects, pair =>
        Assert.DoesNotContain(References(pair.Value), reference => IsExecutable(Projects[reference])));

    [Fact]
    public void Packages_of_providers_are_in_the_server_alone() => Assert.All(Projects, pair => Assert.Equal(
        pair.Key == "Server",
        Packages(pair.Value).Any(package => package.StartsWith("Azure.", StringComparison.Ordinal)
            || package.EndsWith("AzureStorage", StringComparison.Ordinal) || package.EndsWith("Connections.Security", StringComparison.Ordinal))));

    [Fact]
    public void The_command_line_the_shards_and_all_below_them_know_nothing_of_orleans()
    {
        string[] free = ["Cli", "Shards"];
        var below = free.SelectMany(Closure).Concat(free).ToHashSet();
        Assert.Empty(below.Intersect(WithOrleans));
        Assert.All(below, name => Assert.DoesNotContain(
            Packages(Projects[name]), package => package.Contains("Orleans", StringComparison.OrdinalIgnoreCase)));
        Assert.All(WithOrleans, name => Assert.Contains(
            Closure(name).Append(name).SelectMany(each => Packages(Projects[each])), package => package.Contains("Orleans", StringComparison.Ordinal)));
    }

    // A build compares what they call each other by with OrleansContracts.txt, and fails where it differs.
    [Fact]
    public void Contracts_of_grains_are_compared_with_those_that_were_reviewed() => Assert.All(
        (string[])["Client", "Grains"],
        name =>
        {
            Assert.Equal("true", Projects[name].Descendants("EnableOrleansContractsAnalyzer").SingleOrDefault()?.Value);
            Assert.Contains("OrleansContracts format", Repository.Read($"src/{Prefix}{name}/OrleansContracts.txt"), StringComparison.Ordinal);
        });

    [Fact]
    public void The_command_line_has_no_unsafe_code() => Assert.Empty(Projects["Cli"].Descendants("AllowUnsafeBlocks"));

    [Fact]
    public void The_layout_names_each_assembly_that_sees_what_is_internal_to_another_and_says_why()
    {
        var byAssembly = Projects.Concat(Tests).ToDictionary(pair => AssemblyName(pair.Value) ?? Prefix + pair.Key, pair => pair.Key);
        var friends =
            from pair in Projects.Concat(Tests)
            from friend in pair.Value.Descendants("InternalsVisibleTo")
            select (pair.Key, byAssembly[friend.Attribute("Include")!.Value]);
        var rows = ReadRows("## Friends");

        Assert.Equal(friends.Order(), rows.Select(row => (row[0], Short(row[1].Trim('`')))).Order());
        Assert.All(rows, row => Assert.NotEmpty(row[2]));
    }

    [Theory]
    [InlineData("Orleans.Hosting.ISiloBuilder", "Orleans.Hosting")]
    [InlineData("Orleans.Hosting.IClientBuilder", "Orleans.Hosting")]
    [InlineData("Microsoft.Extensions.DependencyInjection.IServiceCollection", "Microsoft.Extensions.DependencyInjection")]
    [InlineData("KadOrleans.Node.KadNodeBuilder", "Microsoft.Extensions.DependencyInjection")]
    [InlineData("Microsoft.AspNetCore.Routing.IEndpointRouteBuilder", "Microsoft.AspNetCore.Builder")]
    [InlineData("Aspire.Hosting.IDistributedApplicationBuilder", "Aspire.Hosting")]
    [InlineData("OpenTelemetry.Metrics.MeterProviderBuilder", "OpenTelemetry.Metrics")]
    [InlineData("OpenTelemetry.Trace.TracerProviderBuilder", "OpenTelemetry.Trace")]
    [InlineData("KadOrleans.IDht", "KadOrleans")]
    public void What_extends_a_type_is_in_the_namespace_that_its_users_have_imported(string extended, string expected)
    {
        var methods =
            from file in Directory.EnumerateFiles(Repository.Path("src"), "PublicAPI.*.txt", SearchOption.AllDirectories)
            from line in File.ReadLines(file)
            where line.Contains($"(this {extended}! ", StringComparison.Ordinal)
            select line.Split('(', '<')[0].Split(' ')[^1];
        var found = methods.ToList();
        Assert.NotEmpty(found);
        Assert.All(found, method => Assert.Equal(expected, string.Join('.', method.Split('.')[..^2])));
    }

    [Fact]
    public void No_two_folders_of_the_source_have_one_name()
    {
        var folders = SourceFiles("src").Select(file => Path.GetDirectoryName(file)!).Distinct()
            .Where(folder => Path.GetRelativePath(Repository.Path("src"), folder).Contains(Path.DirectorySeparatorChar)).ToList();
        Assert.NotEmpty(folders);
        Assert.Empty(folders.GroupBy(Path.GetFileName).Where(group => group.Count() > 1).Select(group => group.Key));
    }

    private static string? AssemblyName(XDocument project) => project.Descendants("AssemblyName").SingleOrDefault()?.Value;

    private static bool IsExecutable(XDocument project) =>
        project.Descendants("OutputType").Any(type => type.Value == "Exe")
        || project.Root!.Attribute("Sdk")?.Value is "Microsoft.NET.Sdk.Web" or "Microsoft.NET.Sdk.Worker";

    private static IEnumerable<string> References(XDocument project) =>
        project.Descendants("ProjectReference").Select(item => Name(item.Attribute("Include")!.Value));

    private static IEnumerable<string> Packages(XDocument project) =>
        project.Descendants("PackageReference").Select(item => item.Attribute("Include")!.Value);

    /// <summary>All that a project is built on, directly or not.</summary>
    private static IEnumerable<string> Closure(string name) =>
        References(Projects[name]).SelectMany(next => Closure(next).Prepend(next)).Distinct();

    private static IEnumerable<string> SourceFiles(string folder) => Directory
        .EnumerateFiles(Repository.Path(folder), "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin"));

    private static string Name(string path) => Short(Path.GetFileNameWithoutExtension(path.Replace('\\', '/')));

    private static string Short(string name) => name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : name;

    private static Dictionary<string, XDocument> ReadProjects(string folder) => Directory
        .EnumerateFiles(Repository.Path(folder), "*.csproj", SearchOption.AllDirectories)
        .ToDictionary(Name, XDocument.Load);

    // The first table below the heading, without its head: | `KadOrleans.Node` | what it is | `KadOrleans.Core` |
    private static List<string[]> ReadRows(string heading) =>
    [
        .. File.ReadLines(Repository.Path("docs/architecture.md"))
            .SkipWhile(line => line != heading)
            .SkipWhile(line => !line.StartsWith("| `", StringComparison.Ordinal)).TakeWhile(line => line.StartsWith('|'))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries)[1..^1])
            .Select(cells => (string[])[Short(cells[0].Trim('`')), .. cells[1..]]),
    ];

    // What stands between back quotes.
    private static string[] Names(string cell) => [.. cell.Split('`').Where((_, index) => index % 2 == 1).Select(Short)];
}
