namespace KadOrleans.Grains;

/// <summary>The form of all stored states. A build reads and writes one; another build's states come into it by export and import (ADR 21).</summary>
internal static class StateSchema
{
    /// <summary>The schema version. It rises with each change of a stored state's bytes, be it of a state or of the values in it.</summary>
    public const int Version = Layout + StoredValueCodec.Version;

    private const int Layout = 12;

    /// <summary>Checks the version of a state that was read.</summary>
    /// <exception cref="InvalidOperationException">Another build wrote the state, which therefore stays as it is.</exception>
    public static void Check(IVersionedState? state, string name)
    {
        if (state is not null && state.SchemaVersion != Version)
        {
            throw new InvalidOperationException(
                $"The stored state {name} has schema version {state.SchemaVersion}, and this build reads and writes version {Version} alone: "
                + "run the build that wrote it, export the values with kad admin export FILE, and import them into a cluster with a storage of its own.");
        }
    }
}

// A stored state with the schema version that wrote it. Parts of states were classes: as records they must not include their
// parameters, or the bytes would be others.
internal interface IVersionedState
{
    int SchemaVersion { get; set; }
}
