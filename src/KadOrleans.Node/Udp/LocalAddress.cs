namespace KadOrleans.Node;

/// <summary>Whether the machine still has the addresses that a node sends from.</summary>
internal static class LocalAddress
{
    /// <summary>
    /// Why nothing can be sent from one of these, as a sentence; null if it can. A wildcard is any address, so nothing is said of it. It asks
    /// the system each time, for some microseconds, and sends nothing.
    /// </summary>
    public static string? FindProblem(IEnumerable<UdpEndpoint> endpoints)
    {
        foreach (var endpoint in endpoints.Where(static endpoint => !endpoint.IsWildcard))
        {
            try
            {
                var address = endpoint.ToIPAddress();
                using var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
                socket.Bind(new IPEndPoint(address, 0));
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressNotAvailable)
            {
                return $"Nothing can be sent from {endpoint}: the machine does not have the address any more.";
            }
            catch (SocketException)
            {
                // As too many open files, which says nothing of the address.
            }
        }

        return null;
    }
}
