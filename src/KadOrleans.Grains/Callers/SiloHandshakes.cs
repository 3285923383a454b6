using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;

namespace KadOrleans.Grains;

/// <summary>With which silos this one's handshakes failed. Safe for several threads.</summary>
internal sealed class SiloHandshakes
{
    // One entry for each member that has another key: the table of members bounds them.
    private readonly ConcurrentDictionary<EndPoint, string> _failures = new();

    /// <summary>Why the last handshake with the silo at an address failed though it answered, in a sentence. Null: it succeeded, or there was none.</summary>
    public string? FindFailure(EndPoint silo) => _failures.GetValueOrDefault(silo);

    /// <summary>Makes a handshake and notes how it ends.</summary>
    /// <exception cref="HandshakeFailedException">It failed.</exception>
    public async Task MakeAsync(ConnectionContext connection, ConnectionDelegate next, PortTerms terms, ClusterKey key, TimeProvider time)
    {
        try
        {
            await PortHandshake.MakeAsync(connection, Proven, terms, key, time);
        }
        catch (HandshakeFailedException failure) when (connection.RemoteEndPoint is { } silo && !failure.HasEnded)
        {
            _failures[silo] = failure.Message;
            throw;
        }

        Task Proven(ConnectionContext proven)
        {
            if (proven.RemoteEndPoint is { } silo)
            {
                _failures.TryRemove(silo, out _);
            }

            return next(proven);
        }
    }
}
