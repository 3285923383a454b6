using System.Reflection;
using System.Reflection.Emit;
using System.Xml.Linq;

namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class CallPolicyTests
{
    private interface INobodySaid
    {
        Task CallAsync();
    }

    // Of a silo whose host opened nothing.
    private static readonly CallPolicy Closed = new([], isFacadeAlone: false);

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

        Assert.DoesNotContain(SourceProjects(), name => !seen.Contains(AssemblyOf(name)) && UsesOrleans(name));
    }

    [Fact]
    public void What_nobody_classified_is_for_silos() =>
        Assert.Equal(Callers.Silos, Closed.Of(typeof(INobodySaid).GetMethod(nameof(INobodySaid.CallAsync))!, grain: null).Callers);

    // A client needs the manifests and the cancellation of its calls. A silo that is not yet known needs an answer to its probes.
    [Fact]
    public void Of_Orleans_clients_reach_what_their_library_needs_and_nothing_else()
    {
        Type[] called = [.. OfOrleans().SelectMany(assembly => assembly.GetTypes()).Where(IsCalled)];
        Assert.Superset(new HashSet<string> { "IManagementGrain", "ISiloControl", "IRemindable", "IGrainManagementExtension" }, called.Select(type => type.Name).ToHashSet());

        Assert.Equal(
            [
                "IClusterManifestSystemTarget.GetClusterManifest", "IClusterManifestSystemTarget.GetClusterManifestHashSummary",
                "IClusterManifestSystemTarget.GetClusterManifestUpdate", "IGrainCallCancellationExtension.CancelRequestAsync", "IGrainTimerInvoker.InvokeCallbackAsync", "IMembershipService.Ping",
            ],
            called.SelectMany(type => type.GetMethods()).Where(method => Closed.Of(method, typeof(object)).Callers == Callers.Clients)
                .Select(method => $"{method.DeclaringType!.Name}.{method.Name}").Distinct().Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(typeof(AuditGrain), "0", true)]
    [InlineData(typeof(AuditGrain), "1", false)]
    [InlineData(typeof(AuditGrain), "00", false)]
    [InlineData(typeof(AuditGrain), "0+x", false)]
    [InlineData(typeof(AuditGrain), "x", false)]
    [InlineData(typeof(DhtGrain), "F", true)]
    [InlineData(typeof(DhtGrain), "F4240", false)]
    [InlineData(typeof(KeyShardGrain), "FFFF", true)]
    [InlineData(typeof(KeyShardGrain), "ffff", false)]
    [InlineData(typeof(KeyShardGrain), "10FFFF", true)]
    [InlineData(typeof(KeyShardGrain), "110000", false)]
    [InlineData(typeof(KeyShardGrain), "FFFFFFFFFFFFFFFF", false)]
    [InlineData(typeof(RoutingTableGrain), "00000000000000000000000000000000000000ab", true)]
    [InlineData(typeof(RoutingTableGrain), "00000000000000000000000000000000000000AB", false)]
    [InlineData(typeof(RoutingTableGrain), "ab", false)]
    [InlineData(typeof(Assert), "whatever", true)]
    public void A_grain_has_a_key_of_its_kind(Type grain, string key, bool isKnown) =>
        Assert.Equal(isKnown, KnownKeys.Has(grain, GrainId.Create("grain", key)));

    [Fact]
    public void A_host_opens_the_grains_of_an_assembly_of_its_own()
    {
        var own = typeof(Assert).GetMethods()[0];
        var enumeration = Load("Orleans.Core.Abstractions").GetTypes().Single(type => type.Name == "IAsyncEnumerableGrainExtension").GetMethods()[0];
        var open = new CallPolicy([typeof(Assert).Assembly.GetName().Name!], isFacadeAlone: false);

        Assert.Equal([Callers.Silos, Callers.Clients], new[] { Closed, open }.Select(policy => policy.Of(own, typeof(Assert)).Callers));
        Assert.Equal([Callers.Silos, Callers.Clients], new[] { Closed, open }.Select(policy => policy.Of(enumeration, typeof(Assert)).Callers));
        Assert.Equal(Callers.Silos, open.Of(enumeration, typeof(KeyShardGrain)).Callers);
        Assert.Equal(Callers.Silos, open.Of(typeof(IManagementGrain).GetMethods()[0], typeof(Assert)).Callers);
        Assert.Equal(
            [typeof(Assert), typeof(IDisposable), null, null, null],
            new[]
            {
                CallPolicy.FindClosed(enumeration.DeclaringType!, typeof(Assert)),
                CallPolicy.FindClosed(typeof(IDisposable), typeof(Assert)),
                CallPolicy.FindClosed(typeof(IDisposable), typeof(KeyShardGrain)),
                CallPolicy.FindClosed(enumeration.DeclaringType!, typeof(KeyShardGrain)),
                CallPolicy.FindClosed(typeof(IManagementGrain), typeof(Assert)),
            });
    }

    [Theory]
    [InlineData("Orleans.Runtime", true, false)]
    [InlineData("Orleans", true, false)]
    [InlineData("OrleansShop", false, false)]
    [InlineData("KadOrleans.Grains", false, true)]
    [InlineData("KadOrleansShop", false, false)]
    [InlineData("kad-server", false, true)]
    [InlineData("kad-server-shop", false, false)]
    public void An_assembly_is_known_by_its_whole_name_or_what_stands_before_a_dot(string assembly, bool isOrleans, bool isOurs)
    {
        var type = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName(assembly), AssemblyBuilderAccess.Run)
            .DefineDynamicModule(assembly).DefineType("Some").CreateType();
        Assert.Equal((isOrleans, isOurs), (CallPolicy.IsOrleans(type), CallPolicy.IsOurs(type)));
    }

    [Fact]
    public void The_management_of_this_projects_grains_is_for_silos()
    {
        Assert.All(
            typeof(Orleans.Core.Internal.IGrainManagementExtension).GetMethods(),
            method => Assert.Equal(Callers.Silos, Closed.Of(method, typeof(KeyShardGrain)).Callers));
        Assert.Equal(Callers.Silos, Closed.Of(typeof(IManagementGrain).GetMethods()[0], typeof(object)).Callers);
    }

    [Fact]
    public void Whom_a_gateway_lets_in_without_a_key_gets_the_facade_alone()
    {
        var open = new CallPolicy([], isFacadeAlone: true);
        Type[] ours = [.. Ours.SelectMany(assembly => assembly.GetTypes()).Where(IsCalled)];
        Assert.Equal(
            [typeof(IDhtGrain)],
            ours.Where(type => type.GetMethods().Any(method => open.Of(method, grain: null).Callers == Callers.Clients)));
        Assert.Contains(typeof(IKeyShardGrain), ours.Where(type => type.GetMethods().Any(method => Closed.Of(method, grain: null).Callers == Callers.Clients)));
    }

    [Fact]
    public void What_only_operators_change_is_management_and_for_silos()
    {
        var management = Ours.SelectMany(assembly => assembly.GetTypes()).Where(IsCalled).Append(typeof(IManagementGrain))
            .SelectMany(type => type.GetMethods()).Where(method => Closed.Of(method, grain: null).IsManagement).ToArray();
        Assert.All(management, method => Assert.Equal(Callers.Silos, Closed.Of(method, grain: null).Callers));
        Assert.Superset(
            new HashSet<string> { "IRulesGrain.BanAsync", "IKeyShardGrain.RemoveAsync", "IManagementGrain.ForceActivationCollection", "IClusterGrain.DoubleShardsFromAsync" },
            management.Select(method => $"{method.DeclaringType!.Name}.{method.Name}").ToHashSet());
        Assert.DoesNotContain(management, method => method.Name.StartsWith("Get", StringComparison.Ordinal));
    }

    private static IEnumerable<Assembly> OfOrleans() => Directory.EnumerateFiles(AppContext.BaseDirectory, "Orleans.*.dll")
        .Select(file => Load(Path.GetFileNameWithoutExtension(file)));

    private static Assembly Load(string name) => Assembly.Load(name);

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
}
