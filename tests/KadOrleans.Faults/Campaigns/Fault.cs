using System.Globalization;

namespace KadOrleans.Faults.Campaigns;

/// <summary>What is done to a process.</summary>
internal enum FaultKind
{
    /// <summary>SIGKILL, and a start after a while; of PostgreSQL an immediate stop.</summary>
    Kill,

    /// <summary>SIGSTOP for a while; of a database to all its processes.</summary>
    Freeze,

    /// <summary>An orderly stop, and a start after a while.</summary>
    Stop,

    /// <summary>Of PostgreSQL alone: an immediate stop, the standby is promoted, and the other comes back as its standby after a while.</summary>
    FailOver,
}

/// <summary>Whom it is done to.</summary>
internal enum FaultTarget
{
    /// <summary>A silo.</summary>
    Silo,

    /// <summary>An edge.</summary>
    Edge,

    /// <summary>The database's server.</summary>
    Database,
}

/// <summary>One fault.</summary>
/// <param name="Kind">What is done.</param>
/// <param name="Target">To what.</param>
/// <param name="Index">To which of them, from 0.</param>
/// <param name="Duration">How long the process is frozen or away.</param>
internal sealed record Fault(FaultKind Kind, FaultTarget Target, int Index, TimeSpan Duration)
{
    /// <summary>What reports call the target.</summary>
    public string TargetName => Target == FaultTarget.Database
        ? "database"
        : $"{(Target == FaultTarget.Silo ? "silo" : "edge")} {(Index + 1).ToString(CultureInfo.InvariantCulture)}";
}
