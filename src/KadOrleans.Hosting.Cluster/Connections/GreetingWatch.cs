using System.Net;
using Microsoft.AspNetCore.Connections;

namespace KadOrleans.Hosting.Cluster.Connections;

/// <summary>
/// Middleware inside TLS, for connections that this process opened: reports those that the remote side ended before its first message. With
/// TLS 1.3 a caller learns only then that its certificate was refused.
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
            // After the first message Orleans handles failures itself.
            problems.Add(ConnectionProblem.EndedEarly, EndedEarly(side, connection.RemoteEndPoint, isEncrypted, e));
            throw;
        }
    }

    /// <summary>Explains a connection that a silo ended before its first message.</summary>
    internal static string EndedEarly(ConnectionSide side, EndPoint? other, bool isEncrypted, Exception failure)
    {
        return $"{side.OtherName} {other} ended the connection before its first message ({Phrases.ReasonOf(failure)}): " + (isEncrypted
            ? "it does not accept this process's certificate, as its log then says, or it stops."
            : "it requires TLS, and Kad:Tls:Certificate is not set here, or it stops.");
    }
}
