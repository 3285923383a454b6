namespace KadOrleans.Silo.Hosting;

/// <summary>The silo did not stop in order; the message is a sentence for the operator.</summary>
internal sealed class StopException(string message, Exception innerException) : Exception(message, innerException);
