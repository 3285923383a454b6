using System.Xml.Linq;

namespace KadOrleans.Tests.Core;

/// <summary>Dependencies point one way; which way is written here once.</summary>
public class ArchitectureTests
{
    private const string Prefix = "KadOrleans.";

    // What each library may be built on, itself left out. An executable may use any library.
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Core"] = [],
        ["Abstractions"] = ["Core"],
        ["SqliteFiles"] = [],
        ["GrainStorage.Sqlite"] = ["SqliteFiles"],
        ["Wire"] = ["Core"],
        ["Node"] = ["Abstractions", "Core", "Wire"],
        ["Hosting"] = ["Abstractions", "Core", "Wire", "Node"],
        ["Http"] = ["Abstractions", "Core", "Wire", "Node", "Hosting", "StateFiles"],
        ["StateFiles"] = ["Abstractions", "Core", "Wire", "Node"],
        ["Transport.Udp"] = ["Abstractions", "Core", "Wire", "Node"],
        ["Storage.Sqlite"] = ["Abstractions", "Core", "Wire", "Node", "SqliteFiles"],
        ["Grains.Abstractions"] = ["Abstractions", "Core"],
        ["Shards"] = ["Core"],
        ["Grains"] = ["Abstractions", "Core", "Grains.Abstractions", "Shards"],
        ["Client"] = ["Abstractions", "Core", "Grains.Abstractions"],
        ["EdgeWorker"] = ["Abstractions", "Core", "Wire", "Node", "Hosting", "Grains.Abstractions"],
    };

    private static readonly string[] WithOrleans =
        ["Grains.Abstractions", "Grains", "Client", "EdgeWorker", "GrainStorage.Sqlite"];

    // The packages of providers: only the executable with every provider references them.
    private static readonly string[] Providers = ["Azure.", "Microsoft.Orleans.Connections.Security"];

    private static readonly Dictionary<string, XDocument> Projects = ReadProjects();

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
    public void Libraries_are_built_only_on_what_lies_below_them()
    {
        Assert.Contains("Core", Projects.Keys);
        foreach (var (name, project) in Projects.Where(pair => !IsExecutable(pair.Value)))
        {
            Assert.True(Allowed.ContainsKey(name), $"{name} is new: say in this test what it may be built on.");
            Assert.Empty(Closure(name).Except(Allowed[name]));
        }
    }

    [Fact]
    public void Nothing_is_built_on_an_executable_but_its_form_with_every_provider() => Assert.All(Projects, pair =>
        Assert.DoesNotContain(References(pair.Value), reference => IsExecutable(Projects[reference]) && pair.Key != $"{reference}.Full"));

    [Fact]
    public void Only_the_executable_with_every_provider_has_one() => Assert.All(Projects, pair => Assert.Equal(
        pair.Key == "Server.Full", Packages(pair.Value).Any(package => IsOfProvider(package))));

    [Fact]
    public void The_command_lines_the_shards_and_all_below_them_know_nothing_of_orleans()
    {
        string[] free = ["Cli", "Shards"];
        Assert.Subset(Projects.Keys.ToHashSet(), free.ToHashSet());
        Assert.Empty(free.SelectMany(Closure).Intersect(WithOrleans));
        foreach (var name in free.SelectMany(Closure).Concat(free))
        {
            Assert.DoesNotContain(
                Packages(Projects[name]), package => package.Contains("Orleans", StringComparison.OrdinalIgnoreCase));
        }
    }

    [Fact]
    public void The_command_line_has_no_unsafe_code_and_sees_no_internals_of_the_transport()
    {
        Assert.Empty(Projects["Cli"].Descendants("AllowUnsafeBlocks"));
        Assert.DoesNotContain(
            Projects["Transport.Udp"].Descendants("InternalsVisibleTo").Select(item => item.Attribute("Include")?.Value), name => name == "kad");
    }

    private static bool IsOfProvider(string package) =>
        package.EndsWith(".AzureStorage", StringComparison.Ordinal) || Providers.Any(known => package.StartsWith(known, StringComparison.Ordinal));

    private static IEnumerable<string> Packages(XDocument project) =>
        project.Descendants("PackageReference").Select(item => item.Attribute("Include")!.Value);

    private static bool IsExecutable(XDocument project) =>
        project.Descendants("OutputType").Any(type => type.Value == "Exe")
        || project.Root!.Attribute("Sdk")?.Value is "Microsoft.NET.Sdk.Web" or "Microsoft.NET.Sdk.Worker";

    private static IEnumerable<string> References(XDocument project) =>
        project.Descendants("ProjectReference").Select(item => Name(item.Attribute("Include")!.Value));

    /// <summary>All that a project is built on, directly or not.</summary>
    private static HashSet<string> Closure(string name)
    {
        var seen = new HashSet<string>();
        var open = new Queue<string>(References(Projects[name]));
        while (open.TryDequeue(out var next))
        {
            if (seen.Add(next))
            {
                References(Projects[next]).ToList().ForEach(open.Enqueue);
            }
        }

        return seen;
    }

    private static string Name(string path)
    {
        var name = Path.GetFileNameWithoutExtension(path.Replace('\\', '/'));
        return name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : name;
    }

    private static Dictionary<string, XDocument> ReadProjects() => Directory
        .EnumerateFiles(Repository.Path("src"), "*.csproj", SearchOption.AllDirectories)
        .ToDictionary(Name, XDocument.Load);
}
