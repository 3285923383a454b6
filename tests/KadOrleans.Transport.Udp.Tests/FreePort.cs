using KadOrleans.Core;

namespace KadOrleans.Transport.Udp.Tests;

/// <summary>Ports that nobody held a moment ago; another program may take one at any time.</summary>
internal static class FreePort
{
    private const int Attempts = 20;

    internal static UdpEndpoint Next()
    {
        using var socket = new PlainSocket("127.0.0.1:0");
        return socket.Endpoint;
    }

    /// <summary>
    /// Gets the action through with one of several ports: a fault fails with each, a port lost to another program
    /// only once.
    /// </summary>
    internal static async Task RetryAsync(Func<UdpEndpoint, Task> action)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await action(Next());
                return;
            }
            catch (TransportException) when (attempt < Attempts)
            {
                continue;
            }
        }
    }
}
