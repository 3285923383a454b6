using System.Net;
using System.Net.Sockets;

namespace KadOrleans.Grains;

internal static class Listening
{
    /// <summary>Within it a machine of the same network refuses a connection.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(500);

    /// <summary>See <see cref="RefusesConnections"/>. A connection that is made is closed at once.</summary>
    public static async Task<bool> RefusesAsync(IPEndPoint endpoint)
    {
        using var limit = new CancellationTokenSource(Timeout);
        using var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(endpoint, limit.Token);
            return false;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
