namespace KadOrleans.Edge.Transfer;

/// <summary>A file was not written, or not imported as a whole. The message is one sentence.</summary>
internal sealed class TransferException(string message, Exception? cause = null) : Exception(message, cause);
