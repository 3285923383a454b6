namespace KadOrleans.Node.Maintenance;

/// <summary>
/// A random walk failed, not for silent or lying contacts, which no walk fails for, but because this node could not do it:
/// its table or its transport failed. Thrown by <see cref="RandomWalk.PerformRandomWalkAsync"/>, and by
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
