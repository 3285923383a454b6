using System.Collections.Concurrent;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace KadOrleans.Grains;

// Refuses calls from processes outside the silos by CallPolicy, if the silos have an KadClusterOptions.EdgeKey. Without the key,
// edges and other clients look the same.
internal sealed class CallFilter(IOptions<KadClusterOptions> options) : IIncomingGrainCallFilter
{
    // The prefix of the client's id within a silo. Clients of other processes have random numbers.
    private static readonly byte[] Hosted = "hosted-"u8.ToArray();

    private readonly byte[]? _key = options.Value.EdgeKey is { Length: > 0 } key ? Encoding.UTF8.GetBytes(key) : null;

    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (_key is not null && IsOutside(context.SourceId))
        {
            Check(context, _key);
        }

        return context.Invoke();
    }

    // Some calls of the runtime name no source; calls of this project's grains all do.
    private static bool IsOutside(GrainId? source) =>
        source is not { } id || (id.IsClient() && !id.Key.AsSpan().StartsWith(Hosted));

    private static void Check(IIncomingGrainCallContext context, byte[] key)
    {
        var callers = CallPolicy.Of(context.InterfaceMethod, context.Grain?.GetType());
        if (callers == Callers.Clients)
        {
            return;
        }

        if (callers == Callers.Silos)
        {
            throw Refused(context, "silos alone", string.Empty);
        }

        if (RequestContext.Get(EdgeKey.ContextKey) is not string given || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), key))
        {
            throw Refused(context, "edges alone", $", and the caller's {EdgeKey.Setting} is missing or differs from the silos'");
        }

        // Removed, so that it reaches neither other silos nor the grains' logs.
        RequestContext.Remove(EdgeKey.ContextKey);
    }

    private static CallRefusedException Refused(IIncomingGrainCallContext context, string whom, string why) =>
        new($"{context.Request.GetInterfaceType().Name}.{context.MethodName} is open to {whom}{why}; clients use {nameof(IDht)}.");
}

// Which methods processes outside the silos may call: those that OpenToAttribute names on an interface of this project. The others are
// for silos. Grains of other programs are not guarded.
internal static class CallPolicy
{
    private const string Project = "KadOrleans";

    // An interface of Orleans. By it a client cancels its own call, and can do nothing else.
    private const string Cancellation = "IGrainCallCancellationExtension";

    // One entry for each method and class of grain that was called: code bounds it.
    private static readonly ConcurrentDictionary<(MethodInfo Method, Type? Grain), Callers> Known = new();

    // Methods of Orleans, such as a reminder's, are for silos if the grain's class is this project's.
    public static Callers Of(MethodInfo method, Type? grain) => Known.GetOrAdd((method, grain), static call => Find(call.Method, call.Grain));

    public static bool IsOurs(Type type) =>
        type.Assembly.GetName().Name is { } name && (name == Project || name.StartsWith($"{Project}.", StringComparison.Ordinal) || name.StartsWith("kad-server", StringComparison.Ordinal));

    private static Callers Find(MethodInfo method, Type? grain)
    {
        if (method.DeclaringType is { } type && (IsOurs(type) || (grain is not null && IsOurs(grain) && type.Name != Cancellation)))
        {
            return (method.GetCustomAttribute<OpenToAttribute>() ?? type.GetCustomAttribute<OpenToAttribute>())?.Callers ?? Callers.Silos;
        }

        return Callers.Clients;
    }
}
