using System.Net.Sockets;
using KadOrleans.Core;

namespace KadOrleans.Transport.Udp;

/// <summary>Why an endpoint cannot be listened on, for the operator.</summary>
internal static class BindFailure
{
    internal static TransportException Explain(UdpEndpoint endpoint, SocketException cause) =>
        new($"Cannot listen on {endpoint}: {Reason(endpoint, cause)}.", cause);

    private static string Reason(UdpEndpoint endpoint, SocketException cause) => cause.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => "another socket of this machine holds that port",
        SocketError.AddressNotAvailable => "no interface of this machine has that address",
        SocketError.AccessDenied => "this user has no permission to bind that port",
        SocketError.AddressFamilyNotSupported
            or SocketError.ProtocolFamilyNotSupported
            or SocketError.ProtocolNotSupported => $"this system has no {(endpoint.IsIPv4 ? "IPv4" : "IPv6")}",
        _ => $"the system refused with {cause.SocketErrorCode} ({cause.Message.TrimEnd('.')})",
    };
}
