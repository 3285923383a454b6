using Orleans.Configuration;

namespace KadOrleans.Grains;

// The settings that the first silo fixes for all, and the number of shards. A doubling of the shards goes on here. Each silo calls
// every 15 s, so it goes on after any failure.
internal sealed class ClusterGrain(
    [PersistentState(StateNames.Cluster, GrainStorageName.Kad)] IPersistentState<ClusterState> state,
    IOptions<ClusterOptions> cluster,
    [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time,
    ILogger<ClusterGrain> logger) : Grain, IClusterGrain, IDisposable
{
    private readonly CancellationTokenSource _ending = new();

    private readonly WrittenState<ClusterState> _state = new(state, StateNames.Cluster);
    private ShardDoubling? _doubling;
    private Task _run = Task.CompletedTask;
    private readonly SemaphoreSlim _writing = new(1, 1);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _state.Load();
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => _ending.CancelAsync();

    public void Dispose()
    {
        _ending.Dispose();
        _writing.Dispose();
    }

    public async ValueTask<ClusterTerms> JoinAsync(ClusterSettings proposed)
    {
        await FixAsync(proposed);
        BeginDoubling();
        return _state.Value.ToTerms(Status.Split);
    }

    public ValueTask<ClusterSettings?> GetAsync() =>
        ValueTask.FromResult(_state.Exists ? _state.Value.ToSettings() : null);

    public ValueTask<ShardStatus?> GetShardsAsync() => ValueTask.FromResult(_state.Exists ? Status : null);

    public async ValueTask<ShardStatus> DoubleShardsAsync()
    {
        var shards = _state.Value.ToSettings().Layout;
        var problem = !_state.Exists ? "The cluster has no settings yet: its first silo makes them when it starts."
            : _state.Value.IsDoubling ? $"The {shards.Count} shards are being doubled already: {Status.Split} of them are split."
            : shards.Bits == GrainKeys.MaxShardBits ? $"The cluster has {shards.Count} shards, which is the most."
            : null;
        if (problem is not null)
        {
            throw new InvalidOperationException(problem);
        }

        if (!await WriteAsync(settings => settings with { IsDoubling = true }))
        {
            throw new InvalidOperationException("Another silo changed the cluster's settings at the same time: look at them, and try again.");
        }

        logger.DoublingBegun(shards.Count);
        BeginDoubling();
        return Status;
    }

    public async ValueTask<ShardStatus> DoubleShardsFromAsync(int count)
    {
        var present = _state.Value.ToSettings().Layout.Count;
        var isDone = _state.Exists && (_state.Value.IsDoubling ? present == count : present == 2L * count);
        return isDone ? Status
            : present == count || !_state.Exists ? await DoubleShardsAsync()
            : throw new InvalidOperationException(
                $"The cluster has {present} shards{(_state.Value.IsDoubling ? ", which are being doubled" : string.Empty)}, not {count}: "
                + "look at them, and decide again.");
    }

    private ShardStatus Status => new(_state.Value.ToSettings().Layout.Bits, _state.Value.IsDoubling ? _doubling?.Split ?? 0 : null);

    // Not awaited: it takes minutes.
    private void BeginDoubling()
    {
        if (_state.Value.IsDoubling && _run.IsCompleted)
        {
            _run = DoubleAsync();
        }
    }

    private async Task DoubleAsync()
    {
        try
        {
            var shards = _state.Value.ToSettings().Layout;
            _doubling = new ShardDoubling(GrainFactory, shards, time, logger);
            await _doubling.RunAsync(_ending.Token);
            if (await WriteAsync(settings => settings.WithBits(shards.Bits + 1)))
            {
                logger.DoublingEnded(Status.Count, _doubling.Longest);
            }
            else
            {
                // The next call begins again, if the other activation has not ended it.
                logger.DoublingInterrupted("another activation of the grain wrote its state meanwhile");
            }
        }
        catch (Exception e)
        {
            logger.DoublingInterrupted(e.Message);
        }
    }

    private async Task FixAsync(ClusterSettings proposed)
    {
        ArgumentNullException.ThrowIfNull(proposed);
        if (proposed.ShardBits is < GrainKeys.MinShardBits or > GrainKeys.MaxShardBits)
        {
            throw new ArgumentException(
                $"ShardBits is {proposed.ShardBits}; {GrainKeys.MinShardBits} to {GrainKeys.MaxShardBits} is allowed.", nameof(proposed));
        }

        // What a write left open is known before a silo follows it.
        await _writing.WaitAsync();
        try
        {
            await _state.ConfirmAsync();
        }
        finally
        {
            _writing.Release();
        }

        if (!_state.Exists)
        {
            await WriteAsync(_ => new ClusterState
            {
                ShardBits = proposed.ShardBits,
                Kademlia = proposed.Kademlia,
                ClusterId = cluster.Value.ClusterId,
            });
        }
    }

    // One write at a time: a doubling ends between the calls. False if another activation was first, whose state this one has now.
    private async Task<bool> WriteAsync(Func<ClusterState, ClusterState> change)
    {
        await _writing.WaitAsync();
        try
        {
            await _state.ConfirmAsync();
            await _state.WriteAsync(change(_state.Value));
            return true;
        }
        catch (Exception e) when (WriteOutcome.IsConflict(e))
        {
            // Another activation was first: its settings count.
            await _state.ConfirmAsync();
            return false;
        }
        finally
        {
            _writing.Release();
        }
    }
}

[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.ClusterState")]
internal sealed record ClusterState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Version;

    [Id(1)]
    public int ShardBits { get; set; }

    /// <summary>The paper's constants. Null: the defaults.</summary>
    [Id(2)]
    public KademliaOptions? Kademlia { get; set; }

    /// <summary>The bits in use. Null while they are <see cref="ShardBits"/>.</summary>
    [Id(3)]
    public int? BitsInUse { get; set; }

    /// <summary>Whether the number of shards is being doubled.</summary>
    [Id(4)]
    public bool IsDoubling { get; set; }

    /// <summary>Orleans' ClusterId of the cluster that made this state. Another one's silos would be a second cluster over it.</summary>
    [Id(5)]
    public string ClusterId { get; set; } = string.Empty;

    public ClusterSettings ToSettings() => new(ShardBits) { Kademlia = Kademlia, BitsInUse = BitsInUse };

    public ClusterTerms ToTerms(int? split) => new(ToSettings(), ClusterId, split);

    /// <summary>The state after a doubling, with the bits that are in use then.</summary>
    public ClusterState WithBits(int bits) => this with { BitsInUse = bits == ShardBits ? null : bits, IsDoubling = false };
}
