using System.Net.Sockets;

namespace KadOrleans.Transport.Udp.Tests;

/// <summary>Some machines have no IPv6; there a test holds the transport to saying so.</summary>
internal static class IPv6Loopback
{
    internal static bool IsMissing { get; } = Probe();

    /// <summary>What stands for the test where IPv6 is missing.</summary>
    internal static void AssertRefusedClearly(Func<UdpTransport> bind)
    {
        var refusal = Assert.Throws<TransportException>(bind);
        Assert.StartsWith("Cannot listen on [::", refusal.Message, StringComparison.Ordinal);
    }

    private static bool Probe()
    {
        try
        {
            using var socket = new PlainSocket("[::1]:0");
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}
