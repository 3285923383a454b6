namespace KadOrleans.Node.RandomWalks;

/// <summary>
/// The routing table could not be refreshed. <see cref="RoutingTableRefreshManager.RefreshAsync"/> throws exactly this type if something
/// else than the walks failed. The inner exception is the cause.
/// </summary>
public class RoutingTableRefreshException : Exception
{
    /// <summary>An exception with the default message.</summary>
    public RoutingTableRefreshException()
    {
    }

    /// <summary>An exception that says what went wrong.</summary>
    public RoutingTableRefreshException(string message)
        : base(message)
    {
    }

    /// <summary>An exception that says what went wrong, and its cause.</summary>
    public RoutingTableRefreshException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>
/// A random walk failed because this node's table or transport failed. Unresponsive or lying contacts do not fail a walk. Thrown by
/// <see cref="RandomWalk.PerformRandomWalkAsync"/>, and by <see cref="RandomWalk.RunConcurrentRandomWalksAsync"/> if every walk failed. The
/// inner exception is the cause.
/// </summary>
public sealed class RandomWalkException : RoutingTableRefreshException
{
    /// <inheritdoc cref="RoutingTableRefreshException()"/>
    public RandomWalkException()
    {
    }

    /// <inheritdoc cref="RoutingTableRefreshException(string)"/>
    public RandomWalkException(string message)
        : base(message)
    {
    }

    /// <inheritdoc cref="RoutingTableRefreshException(string, Exception)"/>
    public RandomWalkException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>
/// A contact is not valid: its endpoint did not answer, or answered with another id. Thrown by <see cref="RandomWalk.ValidateAsync"/>; a
/// walk skips such contacts.
/// </summary>
public sealed class PeerValidationException : RoutingTableRefreshException
{
    /// <inheritdoc cref="RoutingTableRefreshException()"/>
    public PeerValidationException()
    {
    }

    /// <inheritdoc cref="RoutingTableRefreshException(string)"/>
    public PeerValidationException(string message)
        : base(message)
    {
    }

    /// <inheritdoc cref="RoutingTableRefreshException(string, Exception)"/>
    public PeerValidationException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
