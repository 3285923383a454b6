using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Storage;

namespace KadOrleans.Grains;

/// <summary>What all silos must agree on, fixed by the first of them.</summary>
internal sealed class ClusterGrain(
    [PersistentState(StateNames.Cluster, GrainStorageName.Kad)] IPersistentState<ClusterState> state) : Grain, IClusterGrain
{
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        StateSchema.Check(state.State.SchemaVersion, StateNames.Cluster);
        return Task.CompletedTask;
    }

    public async ValueTask<ClusterSettings> AgreeAsync(ClusterSettings proposed)
    {
        ArgumentNullException.ThrowIfNull(proposed);
        if (proposed.ShardBits is < GrainKeys.MinShardBits or > GrainKeys.MaxShardBits)
        {
            throw new ArgumentException(
                $"ShardBits is {proposed.ShardBits}; {GrainKeys.MinShardBits} to {GrainKeys.MaxShardBits} is allowed.", nameof(proposed));
        }

        if (!state.RecordExists)
        {
            await FixAsync(proposed);
        }

        return new ClusterSettings(state.State.ShardBits);
    }

    public ValueTask<ClusterSettings?> GetAsync() =>
        ValueTask.FromResult(state.RecordExists ? new ClusterSettings(state.State.ShardBits) : null);

    private async Task FixAsync(ClusterSettings proposed)
    {
        state.State = new ClusterState { ShardBits = proposed.ShardBits };
        try
        {
            await state.WriteStateAsync();
        }
        catch (Exception e) when (FirstWrite.IsConflict(e))
        {
            // Another activation was first: what it fixed holds.
            await state.ReadStateAsync();
        }
        catch
        {
            // Whether it was written is unknown, so the next call reads it anew.
            DeactivateOnIdle();
            throw;
        }
    }
}
