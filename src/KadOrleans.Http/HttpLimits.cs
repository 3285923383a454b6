using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace KadOrleans.Http;

// Limits what strangers can hold at or send to the HTTP server of a node, an edge or a silo. Bodies are read by endpoints that need a token and by the
// sign-in, each within its own bound.
internal static class HttpLimits
{
    // The most open connections by default. A browser opens six, a probe one. A process commonly has 1,024 file descriptors in all.
    public const int MaxConnections = 256;

    public const int LeastConnections = 16;

    // A browser's six, and a probe.
    private const int LeastOfAddress = 8;

    /// <summary>The files that a process has open before anybody is connected, with room for sockets of its own: most are its assemblies.</summary>
    public const int OwnFiles = 400;

    // Programs of the machine itself may well have more connections than one user elsewhere.
    private static readonly string[] Loopback = ["127.0.0.0/8", "::1/128"];

    /// <summary>The most that an operator may allow: each watch of a key takes one.</summary>
    public const int MostConnections = 100_000;

    // The most bytes of headers. On localhost a browser sends the cookies of every port, so a lower limit would refuse honest requests.
    private const int MaxHeaderBytes = 16 * 1024;
    private const int MaxHeaders = 64;
    private const int MaxBufferedBytes = 64 * 1024;

    // The requests at once of a connection by HTTP/2: a console's watches and what it asks beside them.
    private const int MaxStreams = 32;

    /// <summary>The longest time from a request's first byte to the end of its headers.</summary>
    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The longest time that a connection may be open without a request.</summary>
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(15);

    /// <summary>The least rate of a body, in bytes a second from its beginning on. What was read of it is held until its end.</summary>
    private static readonly MinDataRate BodyRate = new(bytesPerSecond: 10_000, gracePeriod: TimeSpan.FromSeconds(10));

    /// <summary>The most connections where a process may have so many files open, as many again may be closing.</summary>
    public static int ConnectionsWith(int connections, int openFiles) =>
        Math.Min(connections, Math.Max(LeastConnections, (openFiles - OwnFiles) / 2));

    public static ConnectionLimit LimitOf(HttpPlace place, int connections) =>
        new(connections, Math.Max(LeastOfAddress, connections / 4), exempt: AddressRangeSet.Parse([.. Loopback, .. place.Proxies]));

    /// <summary>
    /// Listens on an address, within the limits. One address has a quarter of the connections, unless it is a proxy's or loopback. As many connections again may be closing; beyond these, new ones wait. By HTTPS
    /// clients may choose HTTP/2.
    /// </summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The certificate cannot be used. One sentence.</exception>
    public static void ListenWithin(this KestrelServerOptions kestrel, HttpPlace place)
    {
        var connections = ConnectionsWith(place.Connections, OpenFiles.Limit);
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = 2 * connections;
        kestrel.Limits.MaxConcurrentUpgradedConnections = 0;
        kestrel.Limits.RequestHeadersTimeout = HeadersTimeout;
        kestrel.Limits.KeepAliveTimeout = IdleTimeout;
        kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        kestrel.Limits.MaxRequestHeaderCount = MaxHeaders;
        kestrel.Limits.MaxRequestBufferSize = MaxBufferedBytes;
        kestrel.Limits.MaxRequestBodySize = 0;
        kestrel.Limits.MinRequestBodyDataRate = BodyRate;
        kestrel.Limits.Http2.MaxStreamsPerConnection = MaxStreams;
        kestrel.Limits.Http2.InitialConnectionWindowSize = 2 * MaxBufferedBytes;
        kestrel.Limits.Http2.InitialStreamWindowSize = MaxBufferedBytes;
        var limit = LimitOf(place, connections);
        kestrel.Listen(place.Address, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(next => connection => limit.RunAsync(connection, next));
            if (place.Certificate is { } certificate)
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(certificate);
            }
        });
    }
}
