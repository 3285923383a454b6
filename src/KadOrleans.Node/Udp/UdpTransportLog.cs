namespace KadOrleans.Node;

internal static partial class UdpTransportLog
{
    [LoggerMessage(1100, LogLevel.Information,
        "Listening on {Endpoint} with {Sockets} sockets; the system granted each a receive buffer of {ReceiveBytes} "
        + "bytes and a send buffer of {SendBytes} bytes.")]
    internal static partial void Listening(
        this ILogger logger, UdpEndpoint endpoint, int sockets, int receiveBytes, int sendBytes);

    // Faults and errors can come with every datagram, so only the 1st, 2nd, 4th, 8th, ... of a socket is written.
    [LoggerMessage(1101, LogLevel.Error,
        "The receiver threw on a datagram that {Endpoint} got from {Source}; receiving continues ({Faults} so far).")]
    internal static partial void ReceiverFault(
        this ILogger logger, Exception exception, UdpEndpoint endpoint, UdpEndpoint source, long faults);

    [LoggerMessage(1102, LogLevel.Warning,
        "Reading from {Endpoint} failed with {Error}; receiving continues ({Errors} so far).")]
    internal static partial void ReceiveError(
        this ILogger logger, UdpEndpoint endpoint, System.Net.Sockets.SocketError error, long errors);

    [LoggerMessage(1103, LogLevel.Information, "Stopped listening on {Endpoint}.")]
    internal static partial void Stopped(this ILogger logger, UdpEndpoint endpoint);
}
