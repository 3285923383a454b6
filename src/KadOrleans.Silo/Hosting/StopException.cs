namespace KadOrleans.Silo.Hosting;

/// <summary>The silo did not stop in order; the message is a sentence for the operator.</summary>
internal sealed class StopException(string message, Exception? innerException = null, int code = ExitCode.Failed)
    : Exception(message, innerException)
{
    /// <summary>What its process ends with: one of <see cref="ExitCode"/>.</summary>
    public int Code => code;
}
