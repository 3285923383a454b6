using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace KadOrleans.Hosting;

// Limits what strangers can hold at or send to the HTTP server of a node, an edge or a silo. Only endpoints that need a token
// read bodies, within bounds of their own.
public static class HttpLimits
{
    // The most open connections by default. A browser opens six, a probe one. A process commonly has 1,024 file descriptors in all.
    public const int MaxConnections = 256;

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

    /// <summary>Listens on an address, within the limits. As many connections again may be closing; beyond these, new ones are refused.</summary>
    public static void ListenWithin(this KestrelServerOptions kestrel, IPEndPoint address, int connections)
    {
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

// Bounds the open connections of one server. Beyond the bound the oldest is closed that has shown no token, and only then the
// oldest of all. Refusing the newest would let idle connections keep probes and operators out.
public sealed class ConnectionLimit(int most)
{
    // The key of a connection's entry in its items: what to do once it has shown a token.
    private static readonly object NoteKey = new();

    // Guards both lists, the oldest first, and in which of them each place is.
    private readonly Lock _gate = new();
    private readonly LinkedList<ConnectionContext> _strangers = new();
    private readonly LinkedList<ConnectionContext> _known = new();

    public async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var place = Add(connection, out var closed);
        closed?.Abort(new ConnectionAbortedException($"The oldest of {most} connections is closed for a new one."));
        try
        {
            await next(connection);
        }
        finally
        {
            Remove(place);
        }
    }

    /// <summary>A request of this connection had a token, so it stays open before those that had none.</summary>
    public static void NoteToken(IDictionary<object, object?>? items)
    {
        if (items?.Remove(NoteKey, out var note) == true)
        {
            ((Action)note!)();
        }
    }

    private LinkedListNode<ConnectionContext> Add(ConnectionContext connection, out ConnectionContext? closed)
    {
        lock (_gate)
        {
            var list = _strangers.Count + _known.Count < most ? null : _strangers.Count > 0 ? _strangers : _known;
            closed = list?.First!.Value;
            list?.RemoveFirst();
            var place = _strangers.AddLast(connection);
            connection.Items[NoteKey] = () => MakeKnown(place);
            return place;
        }
    }

    private void MakeKnown(LinkedListNode<ConnectionContext> place)
    {
        lock (_gate)
        {
            if (place.List == _strangers)
            {
                _strangers.Remove(place);
                _known.AddLast(place);
            }
        }
    }

    private void Remove(LinkedListNode<ConnectionContext> place)
    {
        lock (_gate)
        {
            place.List?.Remove(place);
        }
    }
}
