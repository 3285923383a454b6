using System.Collections.Concurrent;

namespace KadOrleans.EdgeWorker.Tests.Running;

/// <summary>Counts the calls that reach grains, by method, and fails or holds those a test names.</summary>
public sealed class CallGate : IIncomingGrainCallFilter
{
    private readonly ConcurrentDictionary<string, int> _counts = new();
    private readonly ConcurrentDictionary<string, Func<Task>> _gates = new();

    /// <summary>Hears of each call before it runs. <see cref="Open"/> sets it back.</summary>
    public Action<IIncomingGrainCallContext> Arrived { get; set; } = Ignore;

    /// <summary>Calls so far of a grain interface's method, those that were failed here included.</summary>
    public int Count<TGrain>(string method) => _counts.GetValueOrDefault(Name(typeof(TGrain), method));

    /// <summary>From now on every call of the method runs this first; it may throw, or wait.</summary>
    public void Set<TGrain>(string method, Func<Task> gate) => _gates[Name(typeof(TGrain), method)] = gate;

    public void Open()
    {
        _gates.Clear();
        Arrived = Ignore;
    }

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        var name = Name(context.InterfaceMethod.DeclaringType!, context.InterfaceMethod.Name);
        _counts.AddOrUpdate(name, 1, (_, count) => count + 1);
        Arrived(context);
        if (_gates.TryGetValue(name, out var gate))
        {
            await gate();
        }

        await context.Invoke();
    }

    private static void Ignore(IIncomingGrainCallContext context)
    {
    }

    private static string Name(Type type, string method) => $"{type.Name}.{method}";
}
