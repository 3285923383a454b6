using System.Reflection;
using System.Xml.Linq;

namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class CallPolicyTests
{
    // Not beside this test: the executable with every provider. It has no grains.
    private const string WithProviders = "KadOrleans.Server.Full";

    private interface INobodySaid
    {
        Task CallAsync();
    }

    private static IReadOnlyList<Assembly> Ours { get; } =
    [
        .. Directory.EnumerateFiles(AppContext.BaseDirectory, "*.dll")
            .Select(file => Path.GetFileNameWithoutExtension(file))
            .Intersect(SourceProjects().Select(AssemblyOf))
            .Select(Assembly.Load),
    ];

    [Fact]
    public void Each_interface_of_each_assembly_is_classified()
    {
        Type[] called = [.. Ours.SelectMany(assembly => assembly.GetTypes()).Where(IsCalled)];

        Assert.Superset(
            new HashSet<Type> { typeof(IDhtGrain), typeof(IKeyShardGrain), typeof(ISiloReportService), typeof(IShardDesk) }, called.ToHashSet());
        Assert.All(called, type => Assert.True(
            type.IsDefined(typeof(OpenToAttribute)), $"{type.FullName} has no [OpenTo(…)]: say beside it who may call it."));
    }

    [Fact]
    public void Each_assembly_of_this_project_was_looked_at()
    {
        var seen = Ours.Select(assembly => assembly.GetName().Name).ToHashSet();

        Assert.Equal([WithProviders], SourceProjects().Where(name => !seen.Contains(AssemblyOf(name)) && UsesOrleans(name)));
        Assert.DoesNotContain(SourcesOf(WithProviders), source => source.Contains("[Alias(", StringComparison.Ordinal));
    }

    [Fact]
    public void What_nobody_classified_is_for_silos() =>
        Assert.Equal(Callers.Silos, CallPolicy.Of(typeof(INobodySaid).GetMethod(nameof(INobodySaid.CallAsync))!, grain: null));

    [Fact]
    public void The_management_of_this_projects_grains_is_for_silos()
    {
        Assert.All(
            typeof(Orleans.Core.Internal.IGrainManagementExtension).GetMethods(),
            method => Assert.Equal(Callers.Silos, CallPolicy.Of(method, typeof(KeyShardGrain))));
        Assert.Equal(Callers.Clients, CallPolicy.Of(typeof(IManagementGrain).GetMethods()[0], typeof(object)));
    }

    private static bool IsCalled(Type type) => type.IsInterface && typeof(IAddressable).IsAssignableFrom(type);

    private static HashSet<string> SourceProjects() =>
    [
        .. Directory.EnumerateFiles(Repository.Path("src"), "*.csproj", SearchOption.AllDirectories)
            .Select(file => Path.GetFileNameWithoutExtension(file))
            .Where(name => name.StartsWith("KadOrleans.", StringComparison.Ordinal)),
    ];

    private static string AssemblyOf(string project) =>
        XDocument.Parse(ProjectFile(project)).Descendants("AssemblyName").FirstOrDefault()?.Value ?? project;

    private static bool UsesOrleans(string project) => ProjectFile(project).Contains("Microsoft.Orleans", StringComparison.Ordinal);

    private static string ProjectFile(string project) => Repository.Read($"src/{project}/{project}.csproj");

    private static IEnumerable<string> SourcesOf(string project) => Directory
        .EnumerateFiles(Repository.Path($"src/{project}"), "*.cs", SearchOption.AllDirectories)
        .Select(File.ReadAllText);
}
