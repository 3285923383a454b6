namespace KadOrleans.Node;

/// <summary>The transport cannot be set up with these options. The message names the endpoint or option and the reason.</summary>
/// <param name="message">The endpoint or option, and the reason.</param>
/// <param name="innerException">The system's error, if there is one.</param>
public sealed class TransportException(string message, Exception? innerException = null) : Exception(message, innerException);
