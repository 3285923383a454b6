using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Orleans.Connections.Security;

namespace KadOrleans.Tls.Connections;

/// <summary>Around the encryption of connections: tells which handshakes failed, and why.</summary>
internal sealed class HandshakeWatch(ConnectionDelegate next, ConnectionSide side, ConnectionProblems problems)
{
    /// <summary>Sets a connection up and serves it to its end.</summary>
    public async Task RunAsync(ConnectionContext connection)
    {
        var handshake = Handshake.Begin();
        await next(connection);
        if (connection.Features.Get<ITlsHandshakeFeature>() is null or { Protocol: SslProtocols.None })
        {
            var (kind, sentence) = HandshakeReport.Failed(side, connection.RemoteEndPoint, handshake.Refusal, handshake.Failure);
            problems.Add(kind, sentence);
        }
    }
}
