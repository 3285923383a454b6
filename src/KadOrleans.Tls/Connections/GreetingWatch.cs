using Microsoft.AspNetCore.Connections;

namespace KadOrleans.Tls.Connections;

/// <summary>
/// Within the encryption of connections that this process opened, if there is one: tells which the other side ended before its
/// first message. With TLS 1.3 a caller learns only then that its certificate was refused.
/// </summary>
internal sealed class GreetingWatch(ConnectionDelegate next, ConnectionSide side, bool isEncrypted, ConnectionProblems problems)
{
    /// <summary>Serves a connection to its end.</summary>
    public async Task RunAsync(ConnectionContext connection)
    {
        try
        {
            await next(connection);
        }
        catch (Exception e)
        {
            // Once messages pass, Orleans lets nothing through.
            problems.Add(ConnectionProblem.EndedEarly, HandshakeReport.EndedEarly(side, connection.RemoteEndPoint, isEncrypted, e));
            throw;
        }
    }
}
