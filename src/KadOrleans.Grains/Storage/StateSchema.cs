namespace KadOrleans.Grains.Storage;

/// <summary>Keeps a release from reading, and then overwriting, what a newer one stored.</summary>
internal static class StateSchema
{
    /// <summary>
    /// The version that this release writes, of every state. 2: values of shards may be marked as published. 3: they may be
    /// marked as far. States of older versions are read as they are.
    /// </summary>
    public const int Current = 3;

    /// <summary>Refuses a state that a newer release wrote.</summary>
    /// <exception cref="InvalidOperationException">It is newer; the message says so in one sentence.</exception>
    public static void Check(int version, string stateName)
    {
        if (version > Current)
        {
            throw new InvalidOperationException(
                $"The stored state {stateName} has schema version {version}, and this release knows versions up to {Current}: run the release that wrote it, or a newer one.");
        }
    }
}
