namespace KadOrleans.Node.Ports;

/// <summary>The storage behind a port is unusable or broken. The message names it and says what to do.</summary>
public sealed class KeyStoreException : DhtUnavailableException
{
    /// <summary>A failure without a word.</summary>
    public KeyStoreException()
    {
    }

    /// <summary>A failure and its explanation.</summary>
    public KeyStoreException(string message)
        : base(message)
    {
    }

    /// <summary>A failure, its explanation and its cause.</summary>
    public KeyStoreException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
