using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;

namespace KadOrleans.Grains;

/// <summary>With which silos this one's handshakes failed. Safe for several threads.</summary>
internal sealed class SiloHandshakes
{
    // One entry for each member that has another key: the table of members bounds them.
    private readonly ConcurrentDictionary<EndPoint, string> _failures = new();

    // Whom this silo, which has no key, asks whether it wants one.
    private readonly ConcurrentDictionary<EndPoint, bool> _asked = new();

    /// <summary>Why the last handshake with the silo at an address failed though it answered, in a sentence. Null: it succeeded, or there was none.</summary>
    public string? FindFailure(EndPoint silo) => _failures.GetValueOrDefault(silo);

    /// <summary>Has the next connection to an address find out whether a key is wanted there, until this is disposed.</summary>
    public IDisposable AskForKey(EndPoint silo)
    {
        _asked[silo] = true;
        return new Asking(_asked, silo);
    }

    /// <summary>Lets a connection of a silo without a key begin, unless it is to ask for one.</summary>
    /// <exception cref="HandshakeFailedException">It has asked, and is good for nothing else.</exception>
    public async Task GoWithoutKeyAsync(ConnectionContext connection, ConnectionDelegate next, TimeProvider time)
    {
        if (connection.RemoteEndPoint is not { } silo || !_asked.TryRemove(silo, out _))
        {
            await next(connection);
            return;
        }

        if (!await PortHandshake.IsWantedAsync(connection, time))
        {
            throw new HandshakeFailedException($"The silo at {silo} was asked whether it wants a key, and did not say so.", hasEnded: true);
        }

        var failure = $"The silo at {silo} wants the cluster's key for silos, which is not set here, by {KeySettings.Silo} or {KeySettings.SiloFile}; all silos need the same.";
        _failures[silo] = failure;
        throw new HandshakeFailedException(failure);
    }

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

    private sealed class Asking(ConcurrentDictionary<EndPoint, bool> asked, EndPoint silo) : IDisposable
    {
        public void Dispose() => asked.TryRemove(silo, out _);
    }
}
