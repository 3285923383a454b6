namespace KadOrleans;

/// <summary>
/// A part of the DHT that the call needs does not respond or failed: the storage, the silos, or every edge. The message names it. The
/// call may have been carried out.
/// </summary>
public class DhtUnavailableException : Exception
{
    /// <summary>A part of the DHT is unavailable.</summary>
    public DhtUnavailableException()
        : base("The DHT does not respond.")
    {
    }

    /// <summary>A part of the DHT is unavailable, explained.</summary>
    public DhtUnavailableException(string message)
        : base(message)
    {
    }

    /// <summary>A part of the DHT is unavailable, explained, with its cause.</summary>
    public DhtUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
