using KadOrleans.Core;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Edges;
using KadOrleans.Grains.Hosting;
using KadOrleans.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Storage;

namespace KadOrleans.Grains.Edges;

/// <summary>Leases node ids to edges by name. The ids and epochs are stored; who is alive is known from renewals.</summary>
[Reentrant]
internal sealed class EdgeDirectoryGrain(
    [PersistentState(StateNames.EdgeDirectory, GrainStorageName.Kad)] IPersistentState<EdgeDirectoryState> state,
    IOptions<KadClusterOptions> options,
    StateVersion version,
    IRandomSource random,
    [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time,
    ILogger<EdgeDirectoryGrain> logger) : Grain, IEdgeDirectoryGrain
{
    private const int MaxNameLength = 128;
    private const int MaxNodeIds = 64;

    private readonly LiveEdges _live = new(IEdgeDirectoryGrain.LeaseDuration, time);

    private readonly List<LeaseRequest> _waiting = [];
    private Task _leasing = Task.CompletedTask;

    // A write that seemed to fail may have been done: the next lease reads it first, as an epoch must not be given twice.
    private bool _isInDoubt;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        version.Check(state.State.SchemaVersion, StateNames.EdgeDirectory);
        return Task.CompletedTask;
    }

    public async ValueTask<bool> IsHeldByAnotherAsync(string edgeName, IEdgeObserver edge)
    {
        Check(edgeName, edge);
        var holder = _live.GetAlive().FirstOrDefault(live => live.Name == edgeName);
        if (holder is null || holder.Observer.Equals(edge))
        {
            return false;
        }

        try
        {
            await holder.Observer.ConfirmAsync();
            return true;
        }
        catch (Exception e)
        {
            logger.HolderSilent(edgeName, holder.Epoch, e.Message);
            return false;
        }
    }

    public async ValueTask<EdgeLease> LeaseAsync(string edgeName, int count, IEdgeObserver edge)
    {
        Check(edgeName, edge);
        if (count is < 1 or > MaxNodeIds)
        {
            throw new ArgumentException($"An edge serves 1 to {MaxNodeIds} ids, not {count}.", nameof(count));
        }

        var request = new LeaseRequest(edgeName, count, edge, time.GetTimestamp());
        _waiting.Add(request);
        if (_leasing.IsCompleted)
        {
            _leasing = LeaseWaitingAsync();
        }

        return await request.Task;
    }

    public ValueTask<bool> RenewAsync(string edgeName, long epoch, IEdgeObserver edge, EdgeReport report)
    {
        Check(edgeName, edge);
        ArgumentNullException.ThrowIfNull(report);
        if (!state.State.Edges.TryGetValue(edgeName, out var known) || known.Epoch != epoch)
        {
            return ValueTask.FromResult(false);
        }

        // After a silo was lost nobody knows how many ids the edge asked for; it reports an endpoint for each.
        var count = _live.CountOf(edgeName, epoch) ?? Math.Max(1, report.Endpoints.Count);
        NodeId[] ids = [.. known.NodeIds.Take(count).Select(NodeId.Parse)];
        return ValueTask.FromResult(_live.Renew(new LiveEdge(edgeName, epoch, ids, edge, report)));
    }

    public ValueTask ReleaseAsync(string edgeName, long epoch)
    {
        ArgumentNullException.ThrowIfNull(edgeName);
        _live.Release(edgeName, epoch);
        return ValueTask.CompletedTask;
    }

    public ValueTask<DateTimeOffset> GetUtcNowAsync() => ValueTask.FromResult(time.GetUtcNow());

    public ValueTask<IReadOnlyList<LiveEdge>> GetLiveAsync() => ValueTask.FromResult(_live.GetAlive());

    public ValueTask<EdgeList> ListAsync() => ValueTask.FromResult(new EdgeList(_live.GetAlive(), _live.KnownFor, _live.Released));

    private static void Check(string edgeName, IEdgeObserver edge)
    {
        ArgumentNullException.ThrowIfNull(edge);
        if (edgeName is not { Length: >= 1 and <= MaxNameLength })
        {
            throw new ArgumentException(
                $"An edge's name has 1 to {MaxNameLength} characters, not {edgeName?.Length ?? 0}.", nameof(edgeName));
        }
    }

    /// <summary>Gives leases in groups: those that are asked for while one write is under way share the next.</summary>
    private async Task LeaseWaitingAsync()
    {
        // Calls that arrived in the same moment get their turn and join.
        await Task.Yield();
        while (_waiting.Count > 0)
        {
            LeaseRequest[] group = [.. _waiting];
            _waiting.Clear();
            try
            {
                await LeaseAsync([.. group.Where(IsAwaited)]);
            }
            catch (Exception e)
            {
                Array.ForEach(group, request => request.TrySetException(e));
            }
        }
    }

    private bool IsAwaited(LeaseRequest request) =>
        time.GetElapsedTime(request.Since) < IEdgeDirectoryGrain.LeasePatience
        || !request.TrySetException(new TimeoutException($"No lease was given within {IEdgeDirectoryGrain.LeasePatience.TotalSeconds} s."));

    private async Task LeaseAsync(IReadOnlyList<LeaseRequest> group)
    {
        if (group.Count == 0)
        {
            return;
        }

        if (_isInDoubt)
        {
            await state.ReadStateAsync();
            _isInDoubt = false;
        }

        var edges = new Dictionary<string, EdgeState>(state.State.Edges);
        var epochs = new List<long>();
        foreach (var request in group)
        {
            var leased = Lease(edges.GetValueOrDefault(request.Name), request.Count);
            edges[request.Name] = leased;
            epochs.Add(leased.Epoch);
        }

        await SaveAsync(edges);
        foreach (var (request, epoch) in group.Zip(epochs))
        {
            NodeId[] ids = [.. edges[request.Name].NodeIds.Take(request.Count).Select(NodeId.Parse)];
            _live.Set(new LiveEdge(request.Name, epoch, ids, request.Edge, new EdgeReport()));
            logger.IdsLeased(request.Name, request.Count, epoch);
            request.TrySetResult(new EdgeLease(epoch, ids, new ClusterSettings(options.Value.ShardBits)));
        }
    }

    private EdgeState Lease(EdgeState? known, int count)
    {
        var leased = new EdgeState { Epoch = (known?.Epoch ?? 0) + 1, NodeIds = [.. known?.NodeIds ?? []] };
        while (leased.NodeIds.Count < count)
        {
            leased.NodeIds.Add(NodeId.Random(random).ToString());
        }

        return leased;
    }

    private async Task SaveAsync(Dictionary<string, EdgeState> edges)
    {
        // A new object: should the write fail, memory is not ahead of storage.
        var before = state.State;
        state.State = version.Stamp(new EdgeDirectoryState { Edges = edges });
        try
        {
            await state.WriteStateAsync();
        }
        catch (Exception e)
        {
            // Renewals go on with what was known before: another activation could not read it while storage is away.
            (state.State, _isInDoubt) = (before, true);
            if (e is InconsistentStateException)
            {
                DeactivateOnIdle();
            }

            throw;
        }
    }
}
