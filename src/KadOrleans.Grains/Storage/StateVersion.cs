using KadOrleans.Grains.Hosting;
using Microsoft.Extensions.Options;

namespace KadOrleans.Grains.Storage;

/// <summary>
/// The schema version that this silo writes: the cluster's, as far as the silo has heard. It rises once every silo knows the newer
/// version, and never falls. A silo that has not heard of it yet writes the older one, which all read.
/// </summary>
public sealed class StateVersion
{
    private int _written = StateSchema.Oldest;

    /// <summary>Takes over <see cref="KadClusterOptions.StateVersion"/>.</summary>
    public StateVersion(IOptions<KadClusterOptions> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Known = options.Value.StateVersion ?? StateSchema.Newest;
    }

    /// <summary>The newest version that this silo agrees to.</summary>
    public int Known { get; }

    /// <summary>The version of what is written now. What is new in a later one is not written.</summary>
    public int Written => Volatile.Read(ref _written);

    /// <summary>
    /// Notes the version of a state that was read, or that the cluster tells: whatever has it shows that all silos know it.
    /// </summary>
    /// <exception cref="InvalidOperationException">A newer release wrote the state; the message says so in one sentence.</exception>
    internal void Check(int version, string stateName)
    {
        StateSchema.Check(version, stateName);
        for (var written = Written; version > written; written = Written)
        {
            Interlocked.CompareExchange(ref _written, version, written);
        }
    }

    /// <summary>Marks a state with the version that it is written with.</summary>
    internal T Stamp<T>(T state)
        where T : IVersionedState
    {
        state.SchemaVersion = Written;
        return state;
    }
}
