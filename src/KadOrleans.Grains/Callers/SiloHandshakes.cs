namespace KadOrleans.Grains;

/// <summary>What became of this silo's handshakes with others. Safe for several threads.</summary>
internal sealed class SiloHandshakes
{
    private volatile string? _failure;

    /// <summary>Why the last one failed with a silo that answered, in a sentence. Null: the last one succeeded, or there was none.</summary>
    public string? Failure => _failure;

    /// <summary>Notes how a handshake ended; null: well.</summary>
    public void Note(HandshakeFailedException? failure)
    {
        if (failure is not { HasEnded: true })
        {
            _failure = failure?.Message;
        }
    }
}
