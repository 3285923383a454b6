using Orleans.Storage;

namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>Takes a cluster's storage away and gives it back: while it is away, every read and write of it fails.</summary>
public sealed class StorageSwitch
{
    // Set by the test, read by the silos' threads.
    private volatile bool _isAway;
    private int _refused;

    public bool IsAway
    {
        get => _isAway;
        set => _isAway = value;
    }

    /// <summary>How many reads and writes failed for it.</summary>
    public int Refused => Volatile.Read(ref _refused);

    internal IGrainStorage Over(IGrainStorage storage) => new Switched(this, storage);

    private void Check()
    {
        if (_isAway)
        {
            Interlocked.Increment(ref _refused);
            throw new IOException("Storage is away.");
        }
    }

    private sealed class Switched(StorageSwitch owner, IGrainStorage storage) : IGrainStorage
    {
        public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            owner.Check();
            return storage.ReadStateAsync(stateName, grainId, grainState);
        }

        public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            owner.Check();
            return storage.WriteStateAsync(stateName, grainId, grainState);
        }

        public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            owner.Check();
            return storage.ClearStateAsync(stateName, grainId, grainState);
        }
    }
}
