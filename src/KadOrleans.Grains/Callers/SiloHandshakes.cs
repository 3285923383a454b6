using Microsoft.AspNetCore.Connections;

namespace KadOrleans.Grains;

/// <summary>What became of the handshakes that this silo made with others. Safe for several threads.</summary>
internal sealed class SiloHandshakes
{
    private volatile string? _failure;

    /// <summary>Why the last one failed with a silo that answered, in a sentence. Null: the last one succeeded, or there was none.</summary>
    public string? Failure => _failure;

    /// <summary>Makes a handshake and notes how it ends.</summary>
    /// <exception cref="HandshakeFailedException">It failed.</exception>
    public async Task MakeAsync(ConnectionContext connection, ConnectionDelegate next, PortTerms terms, ClusterKey key, TimeProvider time)
    {
        try
        {
            await PortHandshake.MakeAsync(connection, Proven, terms, key, time);
        }
        catch (HandshakeFailedException failure)
        {
            if (!failure.HasEnded)
            {
                _failure = failure.Message;
            }

            throw;
        }

        Task Proven(ConnectionContext proven)
        {
            _failure = null;
            return next(proven);
        }
    }
}
