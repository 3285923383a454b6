using System.Net.Sockets;

namespace KadOrleans.Lab;

/// <summary>
/// Free ports on loopback for servers that must restart on the same port. With port 0 they would get another one at the next start. The
/// system gives ports from 32,768 to whoever asks for any, and so to another process before the server is there: these are below.
/// </summary>
public static class FreePort
{
    private const uint Loopback = 0x7F00_0001;
    private const int Attempts = 20;
    private const int First = 12_000;
    private const int Count = 17_000;

    // Processes that run at once begin far from each other.
    private static int _last = Environment.ProcessId * 128;

    public static int Tcp() => Find(SocketType.Stream, ProtocolType.Tcp);

    public static int Udp() => Find(SocketType.Dgram, ProtocolType.Udp);

    /// <summary>
    /// Runs an action with one free UDP endpoint after another: a fault fails with each, a port that another program took only once.
    /// </summary>
    public static async Task RetryAsync<TTaken>(Func<UdpEndpoint, Task> action)
        where TTaken : Exception
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await action(UdpEndpoint.FromIPv4(Loopback, (ushort)Udp()));
                return;
            }
            catch (TTaken) when (attempt < Attempts)
            {
                continue;
            }
        }
    }

    private static int Find(SocketType type, ProtocolType protocol)
    {
        while (true)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _last) % Count);
            using var socket = new Socket(AddressFamily.InterNetwork, type, protocol);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
            {
                continue;
            }
        }
    }
}
