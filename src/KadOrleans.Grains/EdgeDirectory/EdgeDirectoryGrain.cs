namespace KadOrleans.Grains;

// Leases node ids to edges by name. It stores the ids, the epochs, which leases were handed back, and which edges were live when it last wrote.
// Renewals show which are.
[Reentrant]
internal sealed class EdgeDirectoryGrain(
    [PersistentState(StateNames.EdgeDirectory, GrainStorageName.Kad)] IPersistentState<EdgeDirectoryState> state,
    IOptions<KadClusterOptions> options,
    ClusterShards shards,
    EdgeHolders holders,
    ClusterAgreement agreement,
    ActiveGrains active,
    IRandomSource random,
    ClusterTime time,
    ILogger<EdgeDirectoryGrain> logger) : Grain, IEdgeDirectoryGrain
{
    private const int MaxNameLength = 128;
    private const int MaxNodeIds = 64;

    /// <summary>How often it looks whether something is to be noted. If a write failed, each renewal would try it again.</summary>
    private static readonly TimeSpan RecordPause = TimeSpan.FromMinutes(1);

    private readonly WrittenState<EdgeDirectoryState> _state = new(state, StateNames.EdgeDirectory);

    // From the activation on.
    private LiveEdges _live = new(IEdgeDirectoryGrain.LeaseDuration, time);

    private readonly List<PendingChange> _pending = [];
    private Task _writing = Task.CompletedTask;

    // Whether it is to be noted which edges live, and when it was last looked whether it is, as a timestamp of the clock.
    private bool _isRecordDue;
    private long? _lookedAt;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        // In another storage than the cluster's, epochs would begin anew.
        await agreement.Completion.WaitAsync(cancellationToken);
        Begin();
        active.Begin(this);
    }

    /// <summary>
    /// Takes the edges for live that were so when the state was last written. Those that have ended since leave the list with the lease that they
    /// would have renewed, as if the directory had not moved.
    /// </summary>
    internal void Begin()
    {
        _state.Load();

        // The lease that edges are presumed to have begins now: the state may have come late.
        _live = new LiveEdges(IEdgeDirectoryGrain.LeaseDuration, time);
        foreach (var (name, known) in _state.Value.Edges.Where(entry => entry.Value.IsServing))
        {
            _live.Presume(EdgeOf(name, known, holders.ReferenceOf(known.Holder!)));
        }
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        active.End(this);
        return Task.CompletedTask;
    }

    public async ValueTask<NameUse> AskForNameAsync(string edgeName, IEdgeDesk edge)
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

    public async ValueTask<EdgeLease> LeaseAsync(string edgeName, int count, IEdgeDesk edge)
    {
        Check(edgeName, edge);
        if (count is < 1 or > MaxNodeIds)
        {
            throw new ArgumentException($"An edge serves 1 to {MaxNodeIds} ids, not {count}.", nameof(count));
        }

        return await WriteAsync(edges => Lease(edges, edgeName, count, edge), leased: edgeName);
    }

    public ValueTask<LeaseRenewal> RenewAsync(string edgeName, long epoch, IEdgeDesk edge, EdgeReport report)
    {
        Check(edgeName, edge);
        ArgumentNullException.ThrowIfNull(report);
        if (!_state.Value.Edges.TryGetValue(edgeName, out var known) || known.Epoch != epoch)
        {
            return ValueTask.FromResult(LeaseRenewal.Gone);
        }

        if (known.IsReleased || _live.IsReleased(edgeName, epoch))
        {
            return ValueTask.FromResult(LeaseRenewal.Ended);
        }

        _live.Set(EdgeOf(edgeName, known, edge), report, holders.ActiveSilos);
        RecordUseIfDue();
        return ValueTask.FromResult(LeaseRenewal.Renewed);
    }

    public async ValueTask ReleaseAsync(string edgeName, long epoch)
    {
        ArgumentNullException.ThrowIfNull(edgeName);
        if (!_state.Value.Edges.TryGetValue(edgeName, out var held) || held.Epoch != epoch)
        {
            return;
        }

        _live.Release(edgeName, epoch);
        if (!held.IsReleased)
        {
            await WriteAsync<bool>(edges =>
            {
                if (edges.TryGetValue(edgeName, out var known) && known.Epoch == epoch)
                {
                    edges[edgeName] = known with { IsReleased = true, LastSeen = time.GetUtcNow() };
                }

                return () => true;
            });
        }
    }

    public ValueTask<DateTimeOffset> GetUtcNowAsync() => ValueTask.FromResult(time.GetUtcNow());

    public ValueTask<EdgeList> ListAsync(ulong known) => ValueTask.FromResult(_live.GetList(known));

    public ValueTask<IReadOnlyList<EdgeStatus>> GetStatusAsync() => ValueTask.FromResult<IReadOnlyList<EdgeStatus>>(
    [
        // One that is presumed to live has not said yet what it counts: with zeros its counts would look as if they began anew.
        .. _live.Alive.Where(heard => heard.Report is not null).Select(heard => new EdgeStatus(
            heard.Edge.Name, [.. heard.Edge.NodeIds.Select(id => id.ToString())], heard.Report!)),
    ]);

    public ValueTask<double?> GetNetworkSizeAsync() => ValueTask.FromResult(_live.NetworkSize);

    public ValueTask<IReadOnlyList<EdgeName>> GetNamesAsync()
    {
        var live = _live.Alive.ToDictionary(heard => heard.Edge.Name);
        return ValueTask.FromResult<IReadOnlyList<EdgeName>>(
        [
            .. _state.Value.Edges.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => new EdgeName(
                entry.Key,
                [.. entry.Value.NodeIds.Select(NodeId.Parse)],
                entry.Value.Epoch,
                entry.Value.IsReleased || _live.IsReleased(entry.Key, entry.Value.Epoch),
                live.ContainsKey(entry.Key) ? time.GetUtcNow() : _live.LastHeard(entry.Key) ?? entry.Value.LastSeen,
                live.GetValueOrDefault(entry.Key)?.Edge.Observer,
                live.GetValueOrDefault(entry.Key)?.Report,
                entry.Value.IsDrained)),
        ]);
    }

    public async ValueTask<bool> ChangeAsync(string edgeName, NameChange change)
    {
        ArgumentNullException.ThrowIfNull(edgeName);
        return await WriteAsync(edges => Change(edges, edgeName, change));
    }

    private static void Check(string edgeName, IEdgeDesk edge)
    {
        ArgumentNullException.ThrowIfNull(edge);
        if (edgeName is not { Length: >= 1 and <= MaxNameLength })
        {
            throw new ArgumentException(
                $"An edge's name has 1 to {MaxNameLength} characters, not {edgeName?.Length ?? 0}.", nameof(edgeName));
        }
    }

    private static LiveEdge EdgeOf(string name, EdgeState known, IEdgeDesk edge) =>
        new(name, known.Epoch, [.. known.NodeIds.Take(known.Count).Select(NodeId.Parse)], edge);

    /// <summary>Whether a name is free if its holder has not been heard since this activation began.</summary>
    private bool IsFree(string edgeName, IEdgeDesk edge) =>
        !_state.Value.Edges.TryGetValue(edgeName, out var known)
        || known.IsReleased
        || _live.IsReleased(edgeName, known.Epoch)
        || known.Holder == EdgeHolders.KeyOf(edge)
        || _live.IsComplete
        || holders.IsWithinDeadSilo(known.Holder);

    // What is stored of a lease that was just written is newer than what is known.
    private bool IsLive(string name, EdgeState known) => _live.IsAlive(name, known.Epoch) ?? known.IsServing;

    // Stored times are to be exact to a day, and which edges live is to be read by the next activation.
    private void RecordUseIfDue()
    {
        if (!_live.IsComplete || (_lookedAt is { } last && time.GetElapsedTime(last) < RecordPause))
        {
            return;
        }

        _lookedAt = time.GetTimestamp();
        var now = time.GetUtcNow();
        if (_state.Value.Edges.Any(entry => IsLive(entry.Key, entry.Value) is var isLive
            && (isLive != entry.Value.IsServing || (isLive && ForgottenNames.IsRecordDue(entry.Value, now)))))
        {
            _isRecordDue = true;
            BeginWriting();
        }
    }

    private void BeginWriting()
    {
        if (_writing.IsCompleted)
        {
            _writing = WritePendingAsync();
        }
    }

    // Changes the stored entries by group commit: changes that are asked for during a write share the next one. A change returns what is
    // done when the entries are stored. It may lease a name.
    private async Task<T> WriteAsync<T>(Func<Dictionary<string, EdgeState>, Func<T>> change, string? leased = null)
    {
        Func<T>? end = null;
        var pending = new PendingChange(edges => end = change(edges), leased, time.GetTimestamp());
        _pending.Add(pending);
        BeginWriting();
        await pending.Stored.Task;
        return end!();
    }

    private async Task WritePendingAsync()
    {
        // Lets calls that arrived at the same moment join.
        await Task.Yield();
        while (_pending.Count > 0 || _isRecordDue)
        {
            PendingChange[] changes = [.. _pending];
            _pending.Clear();
            try
            {
                // Leases last: a name that is released or changed may be free for them.
                await WriteAsync([.. changes.OrderBy(change => change.Leased is not null)]);
            }
            catch (Exception e)
            {
                Array.ForEach(changes, change => change.Stored.TrySetException(e));
            }
        }
    }

    private async Task WriteAsync(PendingChange[] changes)
    {
        var isRecordDue = _isRecordDue;
        _isRecordDue = false;

        // No epoch may be given twice.
        await _state.ConfirmAsync();
        var edges = Update([.. changes.Select(change => change.Leased).OfType<string>()]);
        foreach (var change in changes)
        {
            try
            {
                if (change.Leased is not null && time.GetElapsedTime(change.Since) >= IEdgeDirectoryGrain.LeaseTimeout)
                {
                    throw new TimeoutException($"The edge directory gave no lease within {IEdgeDirectoryGrain.LeaseTimeout.TotalSeconds} s, as its storage is slow or unavailable.");
                }

                change.Apply(edges);
            }
            catch (Exception e) when (e is ArgumentException or EdgeDrainedException or TimeoutException)
            {
                change.Stored.SetException(e);
            }
        }

        if (!isRecordDue && Array.TrueForAll(changes, change => change.Stored.Task.IsCompleted))
        {
            return;
        }

        await SaveAsync(edges);
        Array.ForEach(changes, change => change.Stored.TrySetResult());
    }

    private Func<EdgeLease> Lease(Dictionary<string, EdgeState> edges, string name, int count, IEdgeDesk edge)
    {
        var known = edges.GetValueOrDefault(name);
        if (known is { IsDrained: true })
        {
            _live.SetAsking(name);
            throw new EdgeDrainedException($"The edge {name} is drained: it gets a lease once an operator resumes it.");
        }

        var leased = edges[name] = new EdgeState(
            (known?.Epoch ?? 0) + 1, [.. known?.NodeIds ?? []], EdgeHolders.KeyOf(edge), LastSeen: time.GetUtcNow(), Count: count, IsLive: true);
        while (leased.NodeIds.Count < count)
        {
            leased.NodeIds.Add(NodeId.Random(random).ToString());
        }

        return () =>
        {
            var live = EdgeOf(name, leased, edge);
            _live.Set(live, new EdgeReport(), holders.ActiveSilos);
            logger.IdsLeased(name, count, leased.Epoch);
            return new EdgeLease(leased.Epoch, live.NodeIds, options.Value.SettingsWith(shards.Layout));
        };
    }

    private Func<bool> Change(Dictionary<string, EdgeState> edges, string name, NameChange change)
    {
        if (!edges.TryGetValue(name, out var known))
        {
            throw new ArgumentException($"The edge name is '{VisibleText.Excerpt(name)}', which the cluster does not know; the list of edges has all names.");
        }

        var changed = change switch
        {
            NameChange.Drain => known.IsDrained ? known : known with { IsReleased = true, IsDrained = true },
            NameChange.Resume => known.IsDrained ? known with { IsReleased = true, IsDrained = false } : known,
            NameChange.RotateIds => known with { IsReleased = true, NodeIds = [] },
            NameChange.Forget when _live.IsAlive(name) => throw new ArgumentException(
                $"The edge '{VisibleText.Excerpt(name)}' is live; only a name without a live edge can be forgotten: stop it first; "
                    + $"one that was killed is live for {IEdgeDirectoryGrain.LeaseDuration.TotalSeconds} s more."),

            // Forgotten, it would lease other ids and serve on.
            NameChange.Forget when _live.IsAsking(name) => throw new ArgumentException(
                $"The edge '{VisibleText.Excerpt(name)}' runs without a lease and asks for one; only a name without a running edge can be forgotten: "
                    + $"stop it, and forget it {IEdgeDirectoryGrain.LeaseDuration.TotalSeconds} s later."),
            NameChange.Forget => null,
        };
        edges.Remove(name);
        if (changed is null)
        {
            return () =>
            {
                _live.Forget(name);
                return true;
            };
        }

        edges.Add(name, changed);
        return () =>
        {
            // Its next renewal fails, and it asks for a lease as if the cluster had forgotten it.
            if (changed != known && changed.IsReleased)
            {
                _live.End(name, changed.Epoch);
            }

            return changed != known;
        };
    }

    // The stored entries, without names that are to be forgotten. Names that are asked for are kept. As long as some live edges
    // are not known, nothing is forgotten.
    private Dictionary<string, EdgeState> Update(HashSet<string> asked)
    {
        if (!_live.IsComplete)
        {
            return new Dictionary<string, EdgeState>(_state.Value.Edges);
        }

        var now = time.GetUtcNow();
        var kept = ForgottenNames.Update(_state.Value.Edges, name => asked.Contains(name) || _live.IsAlive(name) ? now : _live.LastHeard(name), now)
            .ToDictionary(entry => entry.Key, entry => entry.Value with { IsLive = IsLive(entry.Key, entry.Value) });
        foreach (var name in _state.Value.Edges.Keys.Where(name => !kept.ContainsKey(name)))
        {
            _live.Forget(name);
            logger.NameForgotten(name, ForgottenNames.Life.TotalDays);
        }

        return kept;
    }

    // Renewals continue on the state before if it fails. A new activation could not read it while storage fails.
    private async Task SaveAsync(Dictionary<string, EdgeState> edges)
    {
        try
        {
            await _state.WriteAsync(new EdgeDirectoryState { Edges = edges });
        }
        catch (InconsistentStateException)
        {
            // Another activation has leased.
            DeactivateOnIdle();
            throw;
        }
    }

    private sealed record PendingChange(Action<Dictionary<string, EdgeState>> Apply, string? Leased, long Since)
    {
        public TaskCompletionSource Stored { get; } = new();
    }
}
