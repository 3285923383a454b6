using Orleans.TestingHost;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>Silos in this process, on the real runtime, and a client.</summary>
public abstract class SiloCluster : IAsyncLifetime
{
    private readonly ConcurrentBag<IEdgeDesk> _edges = [];

    internal short Silos { get; init; } = 2;

    internal Action<IClientBuilder> ConfigureClient { get; init; } = static _ => { };

    public CallGate Gate { get; } = new();

    public InProcessTestCluster Cluster { get; private set; } = null!;

    public IClusterClient Client => Cluster.Client;

    internal IEdgeDirectoryGrain Directory => Client.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton);

    internal IDhtGrain Dht => Client.GetGrain<IDhtGrain>(GrainKeys.Singleton);

    public virtual async ValueTask InitializeAsync()
    {
        var builder = new InProcessTestClusterBuilder(Silos);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((options, silo) =>
        {
            silo.UseInMemoryReminderService();
            ConfigureSilo(options.SiloName, silo);
            silo.AddIncomingGrainCallFilter(Gate);
            silo.AddKadClient();
        });
        builder.ConfigureClient(client =>
        {
            client.AddKadClient();
            ConfigureClient(client);
        });
        Cluster = builder.Build();
        await Cluster.DeployAsync();
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);

        // A silo that stops in good order waits half a minute for answers of silos that a test killed.
        foreach (var silo in Cluster.Silos.ToArray())
        {
            await Cluster.KillSiloAsync(silo);
        }

        await Cluster.DisposeAsync();
    }

    /// <summary>Adds the grains, with their clock and storage.</summary>
    protected abstract void ConfigureSilo(string name, ISiloBuilder silo);

    internal IKeyShardGrain Shard(long number) => Client.GetGrain<IKeyShardGrain>(number);

    internal IRoutingTableGrain Table(NodeId id) => Client.GetGrain<IRoutingTableGrain>(GrainKeys.RoutingTable(id));

    public IReadOnlyList<SiloAddress> Addresses => [.. Cluster.Silos.Select(silo => silo.SiloAddress)];

    /// <summary>A service of a silo, by default of the first one.</summary>
    internal T Service<T>(SiloAddress? silo = null)
        where T : notnull => Cluster.GetSiloServiceProvider(silo).GetRequiredService<T>();

    internal IEnumerable<T> Services<T>()
        where T : notnull => Addresses.Select(Service<T>);

    /// <summary>The silo that a grain is active on; null if there is none.</summary>
    public ValueTask<SiloAddress?> FindSiloAsync(IAddressable grain) =>
        Client.GetGrain<IManagementGrain>(0).GetActivationAddress(grain);

    internal IEdgeDesk Reference(IEdgeDesk edge)
    {
        // Orleans holds it weakly. A call to one that was collected waits 30 s in vain, in whichever test comes next.
        _edges.Add(edge);
        return Client.CreateObjectReference<IEdgeDesk>(edge);
    }
}

/// <summary>Counts the calls that reach grains, answered or not, and fails or holds those a test names.</summary>
public sealed class CallGate : IIncomingGrainCallFilter
{
    private readonly ConcurrentDictionary<string, int> _counts = new();
    private readonly ConcurrentDictionary<string, Func<Task>> _gates = new();

    /// <summary>Hears of each call before it runs. <see cref="Open"/> sets it back.</summary>
    public Action<IIncomingGrainCallContext> Arrived { get; set; } = Ignore;

    /// <summary>Whether the response of a call that has run is lost: its caller gets a timeout. <see cref="Open"/> sets it back.</summary>
    public Func<IIncomingGrainCallContext, bool> Lose { get; set; } = static _ => false;

    /// <summary>Calls so far of a grain interface's method, those that were failed here included.</summary>
    public int Count<TGrain>(string method) => _counts.GetValueOrDefault(Name(typeof(TGrain), method));

    public int Count(IAddressable grain, string method) => _counts.GetValueOrDefault($"{grain.GetGrainId()}.{method}");

    /// <summary>From now on every call of the method runs this first; it may throw, or wait.</summary>
    public void Set<TGrain>(string method, Func<Task> gate) => _gates[Name(typeof(TGrain), method)] = gate;

    public void Open()
    {
        _gates.Clear();
        Arrived = Ignore;
        Lose = static _ => false;
    }

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        var name = Name(context.InterfaceMethod.DeclaringType!, context.InterfaceMethod.Name);
        foreach (var counted in new[] { name, $"{context.TargetId}.{context.MethodName}" })
        {
            _counts.AddOrUpdate(counted, 1, (_, count) => count + 1);
        }

        Arrived(context);
        if (_gates.TryGetValue(name, out var gate))
        {
            await gate();
        }

        await context.Invoke();
        if (Lose(context))
        {
            throw new TimeoutException("The response did not come in time.");
        }
    }

    private static void Ignore(IIncomingGrainCallContext context)
    {
    }

    private static string Name(Type type, string method) => $"{type.Name}.{method}";
}
