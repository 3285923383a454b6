namespace KadOrleans.Grains.Storage;

/// <summary>
/// The schema versions of stored states. 2: values of shards may be marked as published. 3: they may be marked as far. 4: the
/// directory of edges notes who leased a name and who handed it back. States of
/// older versions are read as they are. A schema change raises <see cref="Newest"/> alone and asks <c>StateVersion.Written</c>
/// before it writes what is new; a later release line raises <see cref="Oldest"/>.
/// </summary>
internal static class StateSchema
{
    /// <summary>
    /// The oldest version that this release can write: what the release before it reads. Silos that do not tell what they know
    /// count as knowing this.
    /// </summary>
    public const int Oldest = 3;

    /// <summary>The newest version that this release reads and writes, of every state.</summary>
#if KAD_NEXT_SCHEMA
    // A build for tests of upgrades: it differs from the release in the version that it writes.
    public const int Newest = 5;
#else
    public const int Newest = 4;
#endif

    /// <summary>The version since which the directory of edges notes who leased a name and who handed it back.</summary>
    public const int EdgeHolders = 4;

    /// <summary>Refuses a state that a newer release wrote.</summary>
    /// <exception cref="InvalidOperationException">It is newer; the message says so in one sentence.</exception>
    public static void Check(int version, string stateName)
    {
        if (version > Newest)
        {
            throw new InvalidOperationException(
                $"The stored state {stateName} has schema version {version}, and this release knows versions up to {Newest}: run the release that wrote it, or a newer one.");
        }
    }
}
