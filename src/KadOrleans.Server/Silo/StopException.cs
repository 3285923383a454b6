namespace KadOrleans.Server;

/// <summary>The silo did not stop normally. The message is a sentence for the operator.</summary>
internal sealed class StopException(string message, Exception? innerException = null, int code = ExitCode.Failed)
    : Exception(message, innerException)
{
    public int Code => code;
}
