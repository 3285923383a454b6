using System.Reflection;
using KadOrleans.Cluster.Tests.Grains;

namespace KadOrleans.Cluster.Tests.Edges;

/// <summary>The real directory of edges outside a silo, so that it runs on virtual time: its grain, over a state that is kept as bytes.</summary>
internal sealed class DirectoryHost
{
    private readonly TimeProvider _clock;
    private readonly SeededRandomSource _random = new(11);
    private readonly Dictionary<string, IEdgeDesk> _desks = [];
    private readonly StoredState _state = new();
    private EdgeDirectoryGrain _grain = null!;

    public DirectoryHost(TimeProvider clock)
    {
        _clock = clock;
        Directory = Fake.Over<IEdgeDirectoryGrain>(() => _grain, (_, _) => ThrowIfFailing());
        Grains = Fake.Of<IGrainFactory>((_, args) => args[0] is GrainId id ? _desks[id.Key.ToString()!] : Directory);
        Move();
    }

    /// <summary>Passes each call on to the activation there is.</summary>
    public IEdgeDirectoryGrain Directory { get; }

    /// <summary>Finds the directory, and desks by their ids.</summary>
    public IGrainFactory Grains { get; }

    /// <summary>What calls of the directory fail with; null: nothing.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Ends the activation, with what it has in memory, and begins another one.</summary>
    public void Move()
    {
        _state.Read();
        var options = Options.Create(new KadClusterOptions());
        var silos = Fake.Of<ISiloStatusOracle>((method, _) =>
            method == nameof(ISiloStatusOracle.IsDeadSilo) ? false : new Dictionary<SiloAddress, SiloStatus>());
        _grain = new EdgeDirectoryGrain(
            _state,
            options,
            new ClusterShards(options),
            new EdgeHolders(silos, Grains, NullLogger<EdgeHolders>.Instance),
            null!,
            null!,
            _random,
            new ClusterTime(_clock),
            NullLogger<EdgeDirectoryGrain>.Instance);
        _grain.Begin();
    }

    /// <summary>What stands for a desk in calls, as a reference of a grain does.</summary>
    public IEdgeDesk Reference(IEdgeDesk desk)
    {
        var key = $"desk+{_desks.Count}";
        var reference = DispatchProxy.Create<IEdgeDesk, DeskReference>();
        var proxy = (DeskReference)(object)reference;
        proxy.Desk = desk;
        proxy.GrainContext = Fake.Of<IGrainContext>((_, _) => GrainId.Create("sys.client", key));
        return _desks[key] = reference;
    }

    /// <summary>Leases ids to an edge, and renews the lease until the edge ends. Returns the lease.</summary>
    public async Task<EdgeLease> JoinAsync(string name, IEdgeDesk desk, CancellationToken ending, int ids = 1, Func<EdgeReport>? report = null)
    {
        var reference = Reference(desk);
        var lease = await Directory.LeaseAsync(name, ids, reference);
        _ = RenewAsync();
        return lease;

        async Task RenewAsync()
        {
            while (true)
            {
                await Task.Delay(IEdgeDirectoryGrain.RenewalInterval, _clock, ending)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
                if (ending.IsCancellationRequested)
                {
                    return;
                }

                if (Failure is null)
                {
                    await Directory.RenewAsync(name, lease.Epoch, reference, report?.Invoke() ?? new EdgeReport());
                }
            }
        }
    }

    private void ThrowIfFailing()
    {
        if (Failure is { } failure)
        {
            throw failure;
        }
    }

    private sealed class StoredState : IPersistentState<EdgeDirectoryState>
    {
        private byte[] _bytes = ClusterFixture.Serializer.SerializeToArray(new EdgeDirectoryState());

        public EdgeDirectoryState State { get; set; } = new();

        public string? Etag => null;

        public bool RecordExists => true;

        public void Read() => State = ClusterFixture.Serializer.Deserialize<EdgeDirectoryState>(_bytes)!;

        public Task ReadStateAsync()
        {
            Read();
            return Task.CompletedTask;
        }

        public Task WriteStateAsync()
        {
            _bytes = ClusterFixture.Serializer.SerializeToArray(State);
            return Task.CompletedTask;
        }

        public Task ClearStateAsync() => throw new NotSupportedException();
    }
}

/// <summary>Passes calls on to a desk, and has the grain id that the directory asks each desk for.</summary>
public class DeskReference : DispatchProxy, IGrainBase
{
    public IGrainContext GrainContext { get; set; } = null!;

    internal IEdgeDesk Desk { get; set; } = null!;

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        targetMethod!.Invoke(Desk, BindingFlags.DoNotWrapExceptions, null, args, null);
}
