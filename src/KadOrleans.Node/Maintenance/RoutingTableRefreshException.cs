namespace KadOrleans.Node.Maintenance;

/// <summary>
/// The routing table could not be refreshed. Thrown as it is by <see cref="RoutingTableRefreshManager.RefreshAsync"/> when
/// something else than the walks failed; the cause is inside.
/// </summary>
public class RoutingTableRefreshException : Exception
{
    /// <summary>An exception without a message of its own.</summary>
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
