namespace KadOrleans.Simulation.Attackers;

/// <summary>What a <see cref="Liar"/> answers a FIND_NODE or FIND_VALUE with.</summary>
internal enum Lie
{
    /// <summary>Real endpoints under ids that are made up, near the target.</summary>
    WrongIds,

    /// <summary>Itself, under many ids near the target.</summary>
    OwnAddress,

    /// <summary>Addresses that no node has: private, loopback, multicast, unspecified, port 0.</summary>
    ImpossibleAddresses,

    /// <summary>As many contacts as a datagram takes, most of them made up.</summary>
    TooMany,

    /// <summary>Other liars under ids that are nearer to the target with each answer.</summary>
    AlwaysCloser,
}
