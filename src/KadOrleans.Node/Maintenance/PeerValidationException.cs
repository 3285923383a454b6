namespace KadOrleans.Node.Maintenance;

/// <summary>
/// A contact is not who it was said to be: nobody answered at its endpoint, or another id did. Thrown by
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
