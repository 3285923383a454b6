using KadOrleans.Core;
using KadOrleans.Grains.Abstractions.Edges;
using KadOrleans.Grains.Clocks;
using KadOrleans.Grains.Hosting;
using KadOrleans.Grains.Silos;
using KadOrleans.Grains.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Storage;

namespace KadOrleans.Grains.Edges;

/// <summary>
/// Leases node ids to edges by name. It stores the ids, the epochs, and which leases were handed back. Renewals tell which edges live.
/// </summary>
[Reentrant]
internal sealed class EdgeDirectoryGrain(
    [PersistentState(StateNames.EdgeDirectory, GrainStorageName.Kad)] IPersistentState<EdgeDirectoryState> state,
    IOptions<KadClusterOptions> options,
    ClusterShards shards,
    StateVersion version,
    EdgeHolders holders,
    ClusterAgreement agreement,
    ActiveGrains active,
    IRandomSource random,
    ClusterTime time,
    ILogger<EdgeDirectoryGrain> logger) : Grain, IEdgeDirectoryGrain
{
    private const int MaxNameLength = 128;
    private const int MaxNodeIds = 64;

    /// <summary>The pause after a note. If the write failed, each renewal would try it again.</summary>
    private static readonly TimeSpan NotePause = TimeSpan.FromMinutes(1);

    // One object, so that it is sent once for all edges of a list.
    private static readonly EdgeReport NoReport = new();

    private readonly LiveEdges _live = new(IEdgeDirectoryGrain.LeaseDuration, time);

    private readonly List<LeaseRequest> _waiting = [];
    private readonly List<ReleaseRequest> _releasing = [];
    private readonly List<ChangeRequest> _changing = [];
    private Task _writing = Task.CompletedTask;

    // Whether a live edge's time is to be noted, and when that was tried last, as a timestamp of the clock.
    private bool _isNoteDue;
    private long? _notedAt;

    // Whether the outcome of a write is unknown. Then the next lease reads the state first, as no epoch may be given twice.
    private bool _isInDoubt;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        version.Check(state.State.SchemaVersion, StateNames.EdgeDirectory);

        // In another storage than the cluster's, epochs would begin anew.
        await agreement.Completion.WaitAsync(cancellationToken);
        active.Begin(this);
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        active.End(this);
        return Task.CompletedTask;
    }

    public async ValueTask<NameUse> AskForNameAsync(string edgeName, IEdgeObserver edge)
    {
        Check(edgeName, edge);
        if (_live.Find(edgeName) is not { } heard)
        {
            return IsFree(edgeName, edge) ? NameUse.Free : NameUse.Unclear;
        }

        if (heard.Edge.Observer.Equals(edge))
        {
            return NameUse.Free;
        }

        if (await holders.AnswersAsync(heard.Edge))
        {
            return NameUse.Held;
        }

        var isGone = _live.IsOver(heard)
            || holders.IsWithinDeadSilo(EdgeHolders.KeyOf(heard.Edge.Observer))
            || await holders.AreAllWellAsync(heard.Silos);

        // The holder may have renewed meanwhile, or another edge may have leased the name.
        return isGone && ReferenceEquals(_live.Find(edgeName), heard) ? NameUse.Free : NameUse.Unclear;
    }

    public async ValueTask<bool> IsHeldByAnotherAsync(string edgeName, IEdgeObserver edge) =>
        await AskForNameAsync(edgeName, edge) != NameUse.Free;

    public async ValueTask<EdgeLease> LeaseAsync(string edgeName, int count, IEdgeObserver edge)
    {
        Check(edgeName, edge);
        if (count is < 1 or > MaxNodeIds)
        {
            throw new ArgumentException($"An edge serves 1 to {MaxNodeIds} ids, not {count}.", nameof(count));
        }

        var request = new LeaseRequest(edgeName, count, edge, time.GetTimestamp());
        _waiting.Add(request);
        BeginWriting();
        return await request.Task;
    }

    public ValueTask<bool> RenewAsync(string edgeName, long epoch, IEdgeObserver edge, EdgeReport report)
    {
        Check(edgeName, edge);
        ArgumentNullException.ThrowIfNull(report);
        if (!state.State.Edges.TryGetValue(edgeName, out var known) || known.Epoch != epoch || known.IsReleased)
        {
            return ValueTask.FromResult(false);
        }

        if (_live.IsComplete && ForgottenNames.IsNoteDue(known, time.GetUtcNow()) && CanNote)
        {
            (_isNoteDue, _notedAt) = (true, time.GetTimestamp());
            BeginWriting();
        }

        // After the loss of a silo the number of leased ids is unknown. The edge reports an endpoint for each id.
        var ids = _live.IdsOf(edgeName, epoch)
            ?? [.. known.NodeIds.Take(Math.Max(1, report.Endpoints.Count)).Select(NodeId.Parse)];
        return ValueTask.FromResult(_live.Renew(new LiveEdge(edgeName, epoch, ids, edge, report), holders.ActiveSilos));
    }

    public async ValueTask ReleaseAsync(string edgeName, long epoch)
    {
        ArgumentNullException.ThrowIfNull(edgeName);
        if (!state.State.Edges.TryGetValue(edgeName, out var known) || known.Epoch != epoch)
        {
            return;
        }

        _live.Release(edgeName, epoch);
        if (version.Written < StateSchema.EdgeHolders || known.IsReleased)
        {
            return;
        }

        var request = new ReleaseRequest(edgeName, epoch);
        _releasing.Add(request);
        BeginWriting();
        await request.Task;
    }

    public ValueTask<DateTimeOffset> GetUtcNowAsync() => ValueTask.FromResult(time.GetUtcNow());

    public ValueTask<IReadOnlyList<LiveEdge>> GetLiveAsync() => ValueTask.FromResult(_live.GetAlive());

    public ValueTask<EdgeList> ListAsync() => ValueTask.FromResult(
        new EdgeList([.. _live.GetAlive().Select(edge => edge with { Report = NoReport })], _live.KnownFor, _live.Released));

    public ValueTask<IReadOnlyList<EdgeName>> GetNamesAsync()
    {
        var live = _live.GetAlive().ToDictionary(edge => edge.Name);
        return ValueTask.FromResult<IReadOnlyList<EdgeName>>(
        [
            .. state.State.Edges.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => new EdgeName(
                entry.Key,
                [.. entry.Value.NodeIds.Select(NodeId.Parse)],
                entry.Value.Epoch,
                entry.Value.IsReleased || _live.IsReleased(entry.Key, entry.Value.Epoch),
                entry.Value.LastSeen,
                live.GetValueOrDefault(entry.Key)?.Observer,
                live.GetValueOrDefault(entry.Key)?.Report,
                entry.Value.IsDrained)),
        ]);
    }

    public async ValueTask<bool> ChangeAsync(string edgeName, NameChange change)
    {
        ArgumentNullException.ThrowIfNull(edgeName);
        var request = new ChangeRequest(edgeName, change);
        _changing.Add(request);
        BeginWriting();
        return await request.Task;
    }

    private bool CanNote => _notedAt is not { } last || time.GetElapsedTime(last) >= NotePause;

    private static void Check(string edgeName, IEdgeObserver edge)
    {
        ArgumentNullException.ThrowIfNull(edge);
        if (edgeName is not { Length: >= 1 and <= MaxNameLength })
        {
            throw new ArgumentException(
                $"An edge's name has 1 to {MaxNameLength} characters, not {edgeName?.Length ?? 0}.", nameof(edgeName));
        }
    }

    /// <summary>Whether a name is free if its holder has not been heard since this activation began.</summary>
    private bool IsFree(string edgeName, IEdgeObserver edge) =>
        !state.State.Edges.TryGetValue(edgeName, out var known)
        || known.IsReleased
        || _live.IsReleased(edgeName, known.Epoch)
        || known.Holder == EdgeHolders.KeyOf(edge)
        || _live.IsComplete
        || holders.IsWithinDeadSilo(known.Holder);

    private void BeginWriting()
    {
        if (_writing.IsCompleted)
        {
            _writing = WriteWaitingAsync();
        }
    }

    /// <summary>Grants and takes back leases by group commit: requests that arrive during a write share the next one.</summary>
    private async Task WriteWaitingAsync()
    {
        // Lets calls that arrived at the same moment join.
        await Task.Yield();
        while (_waiting.Count + _releasing.Count + _changing.Count > 0 || _isNoteDue)
        {
            LeaseRequest[] leases = [.. _waiting];
            ReleaseRequest[] releases = [.. _releasing];
            ChangeRequest[] changes = [.. _changing];
            _waiting.Clear();
            _releasing.Clear();
            _changing.Clear();
            try
            {
                await WriteAsync([.. leases.Where(IsAwaited)], releases, changes);
            }
            catch (Exception e)
            {
                Array.ForEach(leases, request => request.TrySetException(e));
                Array.ForEach(changes, request => request.TrySetException(e));
                Array.ForEach(releases, request => request.TrySetException(e));
            }
        }
    }

    private bool IsAwaited(LeaseRequest request) =>
        time.GetElapsedTime(request.Since) < IEdgeDirectoryGrain.LeaseTimeout
        || !request.TrySetException(new TimeoutException($"No lease was given within {IEdgeDirectoryGrain.LeaseTimeout.TotalSeconds} s."));

    private async Task WriteAsync(LeaseRequest[] leases, ReleaseRequest[] releases, ChangeRequest[] changes)
    {
        if (leases.Length + releases.Length + changes.Length == 0 && !_isNoteDue)
        {
            return;
        }

        _isNoteDue = false;
        if (_isInDoubt)
        {
            await state.ReadStateAsync();
            _isInDoubt = false;
        }

        var edges = Update([.. leases.Select(request => request.Name)]);
        foreach (var release in releases)
        {
            Release(edges, release);
        }

        foreach (var request in changes)
        {
            Apply(edges, request);
        }

        leases = [.. leases.Where(request => !IsDrained(edges, request))];
        var epochs = new List<long>();
        foreach (var request in leases)
        {
            var leased = Lease(edges.GetValueOrDefault(request.Name), request);
            edges[request.Name] = leased;
            epochs.Add(leased.Epoch);
        }

        await SaveAsync(edges);
        foreach (var (request, epoch) in leases.Zip(epochs))
        {
            NodeId[] ids = [.. edges[request.Name].NodeIds.Take(request.Count).Select(NodeId.Parse)];
            _live.Set(new LiveEdge(request.Name, epoch, ids, request.Edge, new EdgeReport()), holders.ActiveSilos);
            logger.IdsLeased(request.Name, request.Count, epoch);
            request.TrySetResult(new EdgeLease(epoch, ids, options.Value.SettingsWith(shards.Layout)));
        }

        foreach (var release in releases)
        {
            release.TrySetResult();
        }

        foreach (var request in changes.Where(request => !request.Task.IsCompleted))
        {
            EndLease(request.Name, edges.GetValueOrDefault(request.Name));
            request.TrySetResult(true);
        }
    }

    // Its next renewal fails, and it asks for a lease as if the cluster had forgotten it.
    private void EndLease(string name, EdgeState? changed)
    {
        if (changed is null)
        {
            _live.Forget(name);
        }
        else if (changed.IsReleased)
        {
            _live.Release(name, changed.Epoch);
        }
    }

    private void Apply(Dictionary<string, EdgeState> edges, ChangeRequest request)
    {
        try
        {
            if (NameChanges.Apply(edges, request.Name, request.Change, _live.IsAlive(request.Name)) is { } changed)
            {
                edges.Remove(request.Name);
                if (changed.State is { } state)
                {
                    edges.Add(request.Name, state);
                }
            }
            else
            {
                request.TrySetResult(false);
            }
        }
        catch (ArgumentException e)
        {
            request.TrySetException(e);
        }
    }

    private static bool IsDrained(Dictionary<string, EdgeState> edges, LeaseRequest request) =>
        edges.TryGetValue(request.Name, out var known)
        && known.IsDrained
        && request.TrySetException(new EdgeDrainedException($"The edge {request.Name} is drained: it gets a lease once an operator resumes it."));

    private EdgeState Lease(EdgeState? known, LeaseRequest request)
    {
        var leased = new EdgeState
        {
            Epoch = (known?.Epoch ?? 0) + 1,
            NodeIds = [.. known?.NodeIds ?? []],
            Holder = version.Written < StateSchema.EdgeHolders ? null : EdgeHolders.KeyOf(request.Edge),
            LastSeen = time.GetUtcNow(),
        };
        while (leased.NodeIds.Count < request.Count)
        {
            leased.NodeIds.Add(NodeId.Random(random).ToString());
        }

        return leased;
    }

    /// <summary>
    /// The stored entries, without names that are to be forgotten. Names that are asked for are kept. As long as some live edges are not
    /// known, nothing is forgotten.
    /// </summary>
    private Dictionary<string, EdgeState> Update(HashSet<string> asked)
    {
        if (!_live.IsComplete)
        {
            return new Dictionary<string, EdgeState>(state.State.Edges);
        }

        var kept = ForgottenNames.Update(state.State.Edges, name => asked.Contains(name) || _live.IsAlive(name), time.GetUtcNow());
        foreach (var name in state.State.Edges.Keys.Where(name => !kept.ContainsKey(name)))
        {
            _live.Forget(name);
            logger.NameForgotten(name, ForgottenNames.Life.TotalDays);
        }

        return kept;
    }

    private void Release(Dictionary<string, EdgeState> edges, ReleaseRequest release)
    {
        if (edges.TryGetValue(release.Name, out var known) && known.Epoch == release.Epoch)
        {
            edges[release.Name] = known.Ended(known.IsDrained, known.NodeIds).At(time.GetUtcNow());
        }
    }

    private async Task SaveAsync(Dictionary<string, EdgeState> edges)
    {
        // A new object, so that memory is not ahead of storage if the write fails.
        var before = state.State;
        state.State = version.Stamp(new EdgeDirectoryState { Edges = edges });
        try
        {
            await state.WriteStateAsync();
        }
        catch (Exception e)
        {
            // Renewals continue on the state before. A new activation could not read it while storage fails.
            (state.State, _isInDoubt) = (before, true);
            if (e is InconsistentStateException)
            {
                DeactivateOnIdle();
            }

            throw;
        }
    }
}
