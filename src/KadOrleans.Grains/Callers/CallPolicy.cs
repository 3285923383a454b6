using System.Collections.Concurrent;
using System.Reflection;

namespace KadOrleans.Grains;

// Which methods processes outside the silos may call: those that OpenToAttribute names on an interface of this project, the few of Orleans
// that its client needs, and what the host opens of its own. All others are for silos. Whom a gateway lets in without a key may call, of
// this project, the facade alone.
internal sealed class CallPolicy(IEnumerable<string> openAssemblies, bool isFacadeAlone)
{
    private const string Project = "KadOrleans";
    private const string Server = "kad-server";

    // Extensions of Orleans. By the first a client cancels its own call, and can do nothing else; by the second it reads on in an enumeration.
    private const string Cancellation = "IGrainCallCancellationExtension";
    private const string Enumeration = "IAsyncEnumerableGrainExtension";

    // Of Orleans, by full name, as the interfaces are not public. The first three tell a client which grains there are. By the last, silos
    // find out which of them live: it changes nothing, and a silo whose call is refused would pass for dead.
    private static readonly HashSet<string> OpenMethods =
    [
        "Orleans.Runtime.IClusterManifestSystemTarget.GetClusterManifest",
        "Orleans.Runtime.IClusterManifestSystemTarget.GetClusterManifestUpdate",
        "Orleans.Runtime.IClusterManifestSystemTarget.GetClusterManifestHashSummary",
        "Orleans.Runtime.IMembershipService.Ping",
    ];

    // A timer's callback, which the runtime makes a call of within a grain, past all filters of outgoing calls. Such a call carries the
    // timer itself, so it cannot come from another process.
    private const string TimerCallback = "IGrainTimerInvoker";

    private readonly HashSet<string> _openAssemblies = [.. openAssemblies];

    // One entry for each method and class of grain that was called: code bounds it.
    private readonly ConcurrentDictionary<(MethodInfo Method, Type? Grain), CallRule> _known = new();

    public CallRule Of(MethodInfo method, Type? grain) => _known.TryGetValue((method, grain), out var known)
        ? known
        : _known.GetOrAdd((method, grain), new CallRule(
            FindCallers(method, grain),
            IsOurs: method.DeclaringType is { } type && IsOurs(type),
            IsOfHost: (method.DeclaringType is { } of && IsOpen(of)) || (grain is not null && !IsOurs(grain) && !IsOrleans(grain)),
            IsManagement(method)));

    /// <summary>Whether a type is of this project.</summary>
    public static bool IsOurs(Type type) => IsOf(type, Project) || IsOf(type, Server);

    /// <summary>Whom a method of this project is open to where gateways have a key.</summary>
    public static Callers FindRole(MethodInfo method) => RoleOf(method)?.Callers ?? Callers.Silos;

    private static OpenToAttribute? RoleOf(MethodInfo method) =>
        method.GetCustomAttribute<OpenToAttribute>() ?? method.DeclaringType?.GetCustomAttribute<OpenToAttribute>();

    public static bool IsOrleans(Type type) => IsOf(type, "Orleans");

    /// <summary>The type whose assembly the host may open for a call of another program's grain; null if there is none.</summary>
    public static Type? FindClosed(Type called, Type? grain)
    {
        var type = called.Name == Enumeration ? grain : called;
        return type is null || IsOurs(type) || IsOrleans(type) || (grain is not null && IsOurs(grain)) ? null : type;
    }

    // Of a project, whose assemblies have its name, or that and a dot before their own.
    private static bool IsOf(Type type, string project) =>
        type.Assembly.GetName().Name is { } name && (name == project || name.StartsWith($"{project}.", StringComparison.Ordinal));

    // Orleans' own management changes something by each method that does not begin with Get, and nothing of this project needs those.
    private static bool IsManagement(MethodInfo method) => method.DeclaringType is { } type && (IsOurs(type)
        ? RoleOf(method)?.IsManagement ?? false
        : type == typeof(IManagementGrain) && !method.Name.StartsWith("Get", StringComparison.Ordinal));

    private Callers FindCallers(MethodInfo method, Type? grain) => method.DeclaringType switch
    {
        null => Callers.Silos,
        { } type when IsOurs(type) => isFacadeAlone && type != typeof(IDhtGrain) ? Callers.Silos : FindRole(method),
        { Name: Cancellation or TimerCallback } => Callers.Clients,
        { } when grain is not null && IsOurs(grain) => Callers.Silos,
        { } type when IsOpenEnumeration(type, grain) => Callers.Clients,
        { } type when OpenMethods.Contains($"{type.FullName}.{method.Name}") || IsOpen(type) => Callers.Clients,
        _ => Callers.Silos,
    };

    private bool IsOpenEnumeration(Type type, Type? grain) => type.Name == Enumeration && grain is not null && !IsOurs(grain) && IsOpen(grain);

    private bool IsOpen(Type type) => type.Assembly.GetName().Name is { } name && _openAssemblies.Contains(name);
}

/// <summary>What holds for a method of a class of grain.</summary>
/// <param name="Callers">Who may call it.</param>
/// <param name="IsOurs">It is of this project.</param>
/// <param name="IsOfHost">It is of another program on the silo, whose context is its own.</param>
/// <param name="IsManagement">It changes something in an operator's name.</param>
internal readonly record struct CallRule(Callers Callers, bool IsOurs, bool IsOfHost, bool IsManagement);
