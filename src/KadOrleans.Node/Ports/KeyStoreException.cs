namespace KadOrleans.Node;

/// <summary>The storage behind a port is unusable or broken. The message names it and says what to do.</summary>
/// <param name="message">The storage, and what to do.</param>
/// <param name="innerException">The cause, if there is one.</param>
public sealed class KeyStoreException(string message, Exception? innerException = null)
    : DhtUnavailableException(message, innerException!)
{
    /// <summary>Whether the limit of waiting reads is reached. The value may be held, so a remote node gets no response.</summary>
    public bool IsBusy { get; init; }
}
