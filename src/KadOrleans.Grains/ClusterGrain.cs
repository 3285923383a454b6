using KadOrleans.Core;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Storage;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Grains;

/// <summary>
/// The settings that the first silo fixes for all, and the schema version that all silos know. Its own state has the version that the
/// cluster writes. So a release that does not know this version refuses to start, whichever state it would read.
/// </summary>
internal sealed class ClusterGrain(
    [PersistentState(StateNames.Cluster, GrainStorageName.Kad)] IPersistentState<ClusterState> state,
    StateVersion version,
    ILogger<ClusterGrain> logger) : Grain, IClusterGrain
{
    private readonly SiloVersions _silos = new();

    private int Written => Math.Max(state.State.SchemaVersion, StateSchema.Oldest);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        version.Check(state.State.SchemaVersion, StateNames.Cluster);
        return Task.CompletedTask;
    }

    public async ValueTask<ClusterSettings> AgreeAsync(ClusterSettings proposed)
    {
        await FixAsync(proposed);
        return Written == StateSchema.Oldest
            ? state.State.ToSettings()
            : throw new InvalidOperationException(
                $"This cluster writes its state with schema version {Written}, which the silo's release does not know: run a release that knows it.");
    }

    public async ValueTask<ClusterTerms> JoinAsync(ClusterSettings proposed, SiloAddress silo, int stateVersion)
    {
        ArgumentNullException.ThrowIfNull(silo);
        await FixAsync(proposed);
        _silos.Set(silo, stateVersion);
        if (stateVersion > Written)
        {
            await RaiseAsync(proposed);
        }

        return new ClusterTerms(state.State.ToSettings(), Written);
    }

    public ValueTask<ClusterSettings?> GetAsync() =>
        ValueTask.FromResult(state.RecordExists ? state.State.ToSettings() : null);

    private async Task FixAsync(ClusterSettings proposed)
    {
        ArgumentNullException.ThrowIfNull(proposed);
        if (proposed.ShardBits is < GrainKeys.MinShardBits or > GrainKeys.MaxShardBits)
        {
            throw new ArgumentException(
                $"ShardBits is {proposed.ShardBits}; {GrainKeys.MinShardBits} to {GrainKeys.MaxShardBits} is allowed.", nameof(proposed));
        }

        if (!state.RecordExists)
        {
            await WriteAsync(new ClusterState { ShardBits = proposed.ShardBits });
        }
    }

    private async Task RaiseAsync(ClusterSettings proposed)
    {
        // Read from the membership table: a joining silo is in it before it calls this grain.
        var hosts = await GrainFactory.GetGrain<IManagementGrain>(0).GetHosts();
        var common = _silos.GetCommon(hosts.Where(host => host.Value != SiloStatus.Dead).Select(host => host.Key));
        if (common > Written)
        {
            await WriteAsync(new ClusterState
            {
                SchemaVersion = common,
                ShardBits = state.State.ShardBits,

                // The cluster of an older release has no constants yet: the silo that completes the rise fixes its own.
                Kademlia = common < StateSchema.Constants ? null : state.State.Kademlia ?? proposed.Kademlia,
            });
            version.Check(Written, StateNames.Cluster);
            logger.StateVersionRaised(Written);
        }
    }

    private async Task WriteAsync(ClusterState content)
    {
        state.State = content;
        try
        {
            await state.WriteStateAsync();
        }
        catch (Exception e) when (FirstWrite.IsConflict(e))
        {
            // Another activation was first: its settings count.
            await state.ReadStateAsync();
        }
        catch
        {
            // The outcome of the write is unknown, so the next call reads the state again.
            DeactivateOnIdle();
            throw;
        }
    }
}

/// <summary>The settings fixed when the cluster was created, as stored.</summary>
[GenerateSerializer]
[Alias("kad.ClusterState")]
internal sealed class ClusterState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Oldest;

    [Id(1)]
    public int ShardBits { get; set; }

    /// <summary>The paper's constants. Null if they were not fixed. Since schema 5.</summary>
    [Id(2)]
    public KademliaOptions? Kademlia { get; set; }

    /// <summary>The fixed settings.</summary>
    public ClusterSettings ToSettings() => new(ShardBits) { Kademlia = Kademlia };
}
