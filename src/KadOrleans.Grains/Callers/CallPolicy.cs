using System.Collections.Concurrent;
using System.Reflection;

namespace KadOrleans.Grains;

// Which methods processes outside the silos may call: those that OpenToAttribute names on an interface of this project, the few of Orleans
// that its client needs, and what the host opens of its own. All others are for silos.
internal sealed class CallPolicy(IEnumerable<string> openAssemblies)
{
    private const string Project = "KadOrleans";

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
    private readonly ConcurrentDictionary<(MethodInfo Method, Type? Grain), Callers> _known = new();

    public Callers Of(MethodInfo method, Type? grain) => _known.TryGetValue((method, grain), out var known)
        ? known
        : _known.GetOrAdd((method, grain), Find(method, grain));

    /// <summary>
    /// Whether a method is of this project or of what the host opens, and not of what Orleans' library calls of each grain. An enumeration
    /// that a grain of the host begins is the host's.
    /// </summary>
    public bool Opens(MethodInfo method, Type? grain) =>
        method.DeclaringType is { } type && (IsOurs(type) || IsOpen(type) || IsOpenEnumeration(type, grain));

    public static bool IsOurs(Type type) =>
        type.Assembly.GetName().Name is { } name && (name == Project || name.StartsWith($"{Project}.", StringComparison.Ordinal) || name.StartsWith("kad-server", StringComparison.Ordinal));

    private Callers Find(MethodInfo method, Type? grain) => method.DeclaringType switch
    {
        null => Callers.Silos,
        { } type when IsOurs(type) => (method.GetCustomAttribute<OpenToAttribute>() ?? type.GetCustomAttribute<OpenToAttribute>())?.Callers ?? Callers.Silos,
        { Name: Cancellation or TimerCallback } => Callers.Clients,
        { } when grain is not null && IsOurs(grain) => Callers.Silos,
        { } type when IsOpenEnumeration(type, grain) => Callers.Clients,
        { } type when OpenMethods.Contains($"{type.FullName}.{method.Name}") || IsOpen(type) => Callers.Clients,
        _ => Callers.Silos,
    };

    private bool IsOpenEnumeration(Type type, Type? grain) => type.Name == Enumeration && grain is not null && !IsOurs(grain) && IsOpen(grain);

    private bool IsOpen(Type type) => type.Assembly.GetName().Name is { } name && _openAssemblies.Contains(name);
}
