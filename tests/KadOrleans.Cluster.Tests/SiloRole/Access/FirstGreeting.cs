using System.Net.Sockets;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>The first message of an Orleans client, sent by hand.</summary>
internal static class FirstGreeting
{
    /// <summary>
    /// Whether a gateway answers the first message of a client of this name with its own: a client that it does not answer tries again for a minute
    /// and a half.
    /// </summary>
    public static async Task<bool> IsAnsweredAsync(int gateway, string name, ClusterKey? key = null)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, gateway);
        var stream = socket.GetStream();
        if (key is not null)
        {
            await RawHandshake.MakeAsync(stream, new PortTerms(PortKind.Gateway, "kad"), key);
        }

        await stream.WriteAsync(FirstMessages.OfClient(name));
        var buffer = new byte[4];
        try
        {
            return await stream.ReadAsync(buffer).AsTask().WaitAsync(TimeSpan.FromMinutes(1)) > 0;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
