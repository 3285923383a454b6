namespace KadOrleans.Silo.Hosting;

/// <summary>Ends the log before the process ends.</summary>
internal sealed class LogGate
{
    private volatile bool _isClosed;

    /// <summary>Whether nothing more is to be written.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>Writes nothing more.</summary>
    public void Close() => _isClosed = true;
}
