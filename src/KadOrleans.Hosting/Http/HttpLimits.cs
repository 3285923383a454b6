using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace KadOrleans.Hosting.Http;

/// <summary>
/// Limits what strangers can hold at or send to the HTTP server of a node, an edge or a silo. Only endpoints that need a token read bodies,
/// within bounds of their own.
/// </summary>
internal static class HttpLimits
{
    /// <summary>
    /// The most open connections by default. A browser opens six, a probe one. A process commonly has 1,024 file descriptors in all.
    /// </summary>
    public const int MaxConnections = 256;

    /// <summary>The fewest that an operator may allow.</summary>
    public const int LeastConnections = 16;

    /// <summary>The most that an operator may allow: each watch of a key takes one.</summary>
    public const int MostConnections = 100_000;

    // The most bytes of headers. On localhost a browser sends the cookies of every port, so a lower limit would refuse honest requests.
    private const int MaxHeaderBytes = 16 * 1024;
    private const int MaxHeaders = 64;
    private const int MaxBufferedBytes = 64 * 1024;

    /// <summary>The longest time from a request's first byte to the end of its headers.</summary>
    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The longest time that a connection may be open without a request.</summary>
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(15);

    /// <summary>Listens on an address, within the limits.</summary>
    /// <param name="kestrel">The server.</param>
    /// <param name="address">Where; port 0 is any free one.</param>
    /// <param name="connections">The most open ones. As many may be closing; more are refused.</param>
    public static void ListenWithin(this KestrelServerOptions kestrel, IPEndPoint address, int connections)
    {
        ArgumentNullException.ThrowIfNull(kestrel);
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = 2 * connections;
        kestrel.Limits.MaxConcurrentUpgradedConnections = 0;
        kestrel.Limits.RequestHeadersTimeout = HeadersTimeout;
        kestrel.Limits.KeepAliveTimeout = IdleTimeout;
        kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        kestrel.Limits.MaxRequestHeaderCount = MaxHeaders;
        kestrel.Limits.MaxRequestBufferSize = MaxBufferedBytes;
        kestrel.Limits.MaxRequestBodySize = 0;
        var limit = new ConnectionLimit(connections);
        kestrel.Listen(address, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(next => connection => limit.RunAsync(connection, next));
        });
    }
}

/// <summary>
/// Bounds the open connections of one server. Beyond the bound the oldest is closed. Refusing the newest would let idle connections keep
/// probes and operators out.
/// </summary>
/// <param name="most">Open connections, at least 1.</param>
internal sealed class ConnectionLimit(int most)
{
    // Guards _open.
    private readonly Lock _gate = new();
    private readonly LinkedList<ConnectionContext> _open = new();

    /// <summary>Serves a connection to its end.</summary>
    public async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var place = Add(connection, out var oldest);
        oldest?.Abort(new ConnectionAbortedException($"The oldest of {most} connections is closed for a new one."));
        try
        {
            await next(connection);
        }
        finally
        {
            Remove(place);
        }
    }

    private LinkedListNode<ConnectionContext> Add(ConnectionContext connection, out ConnectionContext? oldest)
    {
        lock (_gate)
        {
            oldest = _open.Count < most ? null : _open.First!.Value;
            if (oldest is not null)
            {
                _open.RemoveFirst();
            }

            return _open.AddLast(connection);
        }
    }

    private void Remove(LinkedListNode<ConnectionContext> place)
    {
        lock (_gate)
        {
            if (place.List is not null)
            {
                _open.Remove(place);
            }
        }
    }
}
