namespace KadOrleans.Grains;

// The schema versions of stored states. 6 is what builds of before the first release wrote last, and the first that is read. 7: values
// of shards may be marked as authored, and their sources as proven (ADR 39). A schema change raises Newest alone, and asks StateVersion.Written before it writes what is new; a later release line raises Oldest.
internal static class StateSchema
{
    // The oldest that this release can write, which the one before reads. A silo without a report counts as knowing this one.
    public const int Oldest = 6;

    /// <summary>The newest version that this release reads and writes, of every state.</summary>
#if KAD_NEXT_SCHEMA
    // A build for tests of upgrades. It differs from the release only in the version that it writes.
    public const int Newest = 8;
#else
    public const int Newest = 7;
#endif

    public const int Authors = 7;

    // Values of shards may be marked as kept for their owners (ADR 46).
    public const int Kept = 7;

    public const string NotKept = "The cluster has silos of an earlier release, which keep no items for their owners; upgrade all first.";
}

// A stored state with the schema version that wrote it. Parts of states were classes: as records they must not include their
// parameters, or the bytes would be others.
internal interface IVersionedState
{
    int SchemaVersion { get; set; }
}

// The schema version that this silo writes: the last one that the cluster reported. It rises once every silo knows the newer
// version, and never falls. Until a silo learns of the rise it writes the older version, which all read.
internal sealed class StateVersion(IOptions<KadClusterOptions> options)
{
    private int _written = StateSchema.Oldest;

    public int Known { get; } = options.Value.StateVersion ?? StateSchema.Newest;

    /// <summary>The version to write now. Fields of later versions are left out.</summary>
    public int Written => Volatile.Read(ref _written);

    /// <summary>Notes the version of a state that was read, or that the cluster reported. Such a version is one that all silos know.</summary>
    /// <exception cref="InvalidOperationException">A newer release wrote the state.</exception>
    internal void Check(int version, string stateName)
    {
        if (version > StateSchema.Newest)
        {
            throw new InvalidOperationException(
                $"The stored state {stateName} has schema version {version}, and this release knows versions up to {StateSchema.Newest}: run the release that wrote it, or a newer one.");
        }

        for (var written = Written; version > written; written = Written)
        {
            Interlocked.CompareExchange(ref _written, version, written);
        }
    }

    internal T Stamp<T>(T state)
        where T : IVersionedState
    {
        state.SchemaVersion = Written;
        return state;
    }
}
