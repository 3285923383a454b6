using System.Net;
using System.Net.Sockets;

namespace KadOrleans.Grains;

/// <summary>Whether a process listens at an address.</summary>
internal static class Listening
{
    /// <summary>Within it a machine of the same network refuses a connection.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(500);

    /// <summary>See <see cref="RefusesConnections"/>. A connection that is made is closed at once.</summary>
    public static async Task<bool> RefusesAsync(IPEndPoint endpoint) => await TryAsync(endpoint, Timeout) == SocketError.ConnectionRefused;

    /// <summary>
    /// Makes a connection and closes it. Returns why there is none, <see cref="SocketError.TimedOut"/> if nobody answers within the time, and
    /// null if there was one.
    /// </summary>
    public static async Task<SocketError?> TryAsync(IPEndPoint endpoint, TimeSpan timeout)
    {
        using var limit = new CancellationTokenSource(timeout);
        using var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(endpoint, limit.Token);
            return null;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
        catch (OperationCanceledException)
        {
            return SocketError.TimedOut;
        }
    }
}

/// <summary>Whether a connection to an address is refused, because nothing listens there. False if it is made, or nobody answers.</summary>
internal delegate Task<bool> RefusesConnections(IPEndPoint endpoint);
