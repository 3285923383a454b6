namespace KadOrleans.Transport.Udp;

/// <summary>
/// The transport cannot be set up as asked. The message is for the operator: it names the endpoint or option and the
/// reason. Never thrown for what arrives from the network.
/// </summary>
public sealed class TransportException : Exception
{
    /// <summary>A failure without a word.</summary>
    public TransportException()
    {
    }

    /// <summary>A failure and its explanation.</summary>
    public TransportException(string message)
        : base(message)
    {
    }

    /// <summary>A failure, its explanation and its cause.</summary>
    public TransportException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
