namespace KadOrleans.Node.RandomWalks;

/// <summary>
/// The routing table could not be refreshed. Thrown as it is by <see cref="RoutingTableRefreshManager.RefreshAsync"/> when
/// something else than the walks failed; the cause is inside.
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
/// <see cref="RandomWalk.PerformRandomWalkAsync"/>, and by
/// <see cref="RandomWalk.RunConcurrentRandomWalksAsync"/> when every walk failed; the cause is inside.
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
/// A contact is not what it was said to be: its endpoint did not answer, or answered with another id. Thrown by
/// <see cref="RandomWalk.ValidateAsync"/>; a walk passes such contacts over.
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
