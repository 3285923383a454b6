using System.Net;
using System.Net.Sockets;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A socket at an address that no node trusts or has heard of. It sees every datagram that one node sends it.</summary>
internal sealed class Stranger : IDisposable
{
    // A datagram may be lost; a node that answers none of so many is away.
    private const int Attempts = 10;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly CryptographicRandomSource _random = new();
    private readonly IPEndPoint _node;

    public Stranger(IPEndPoint node)
    {
        _node = node;

        // Not connected: a connected socket fails when the node's process is gone for a while.
        _socket.Bind(new IPEndPoint(new IPAddress([127, 0, 0, 30]), 0));
    }

    /// <summary>A new id for a request.</summary>
    public MessageId NewId() => MessageId.Random(_random);

    /// <summary>A PING that makes nobody take the sender for a node.</summary>
    public static byte[] Ping(MessageId id)
    {
        var buffer = new byte[Datagram.MaxLength];
        return buffer[..RequestWriter.WritePing(buffer, id, new PingRequest(DhtNode.ClientId))];
    }

    /// <summary>A FIND_VALUE that makes nobody take the sender for a node.</summary>
    public static byte[] FindValue(MessageId id, NodeId key)
    {
        var buffer = new byte[Datagram.MaxLength];
        return buffer[..RequestWriter.WriteFindValue(buffer, id, new FindValueRequest(DhtNode.ClientId, key))];
    }

    /// <summary>A STORE that makes nobody take the sender for a node.</summary>
    public static byte[] Store(MessageId id, NodeId key, DhtValue value)
    {
        var buffer = new byte[Datagram.MaxLength];
        Assert.True(RequestWriter.TryWriteStore(buffer, id, new StoreRequest(DhtNode.ClientId, key, value), out var length));
        return buffer[..length];
    }

    /// <summary>The answer of somebody who has no id.</summary>
    public static byte[] EmptyPong(MessageId id)
    {
        var buffer = new byte[Datagram.MaxLength];
        return buffer[..ResponseWriter.WriteEmptyPong(buffer, id)];
    }

    /// <summary>Sends one datagram.</summary>
    public void Send(byte[] datagram) => _socket.SendTo(datagram, _node);

    /// <summary>The next datagram from the node.</summary>
    /// <exception cref="OperationCanceledException">None came.</exception>
    public async Task<(DatagramKind Kind, MessageId Id, byte[] Body)> NextAsync()
    {
        using var deadline = new CancellationTokenSource(Patience);
        var buffer = new byte[Datagram.MaxLength];
        var received = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), deadline.Token);
        Assert.Equal(_node, received.RemoteEndPoint);
        Assert.True(Datagram.TryReadHeader(buffer.AsSpan(0, received.ReceivedBytes), out var kind, out var id, out var body, out _));
        return (kind, id, body.ToArray());
    }

    /// <summary>Answers the node's pings until it sends none: then it answers requests, and sends nothing else.</summary>
    public async Task ProveAsync()
    {
        var isPinged = true;
        for (var attempt = 0; isPinged && attempt < Attempts; attempt++)
        {
            Send(Ping(NewId()));
            var next = await NextAsync();
            isPinged = next.Kind == DatagramKind.Request;
            for (; next.Kind == DatagramKind.Request; next = await NextAsync())
            {
                Send(EmptyPong(next.Id));
            }
        }

        Assert.False(isPinged, $"The node pings after {Attempts} answers.");
    }

    /// <summary>Asks for the contacts near an id.</summary>
    public async Task<IReadOnlyList<Contact>> FindNodeAsync(NodeId target)
    {
        var body = await AskAsync(id =>
        {
            var buffer = new byte[Datagram.MaxLength];
            return buffer[..RequestWriter.WriteFindNode(buffer, id, new FindNodeRequest(DhtNode.ClientId, target))];
        });
        var contacts = new Contact[ResponseWriter.MaxContacts];
        Assert.True(ResponseReader.TryReadNodes(body, contacts, out var count));
        return contacts[..count];
    }

    /// <summary>Asks for a value that the node itself holds; void if it holds none.</summary>
    public async Task<DhtValue> FindValueAsync(NodeId key)
    {
        var body = await AskAsync(id => FindValue(id, key));
        return ResponseReader.TryReadFindValue(body, new Contact[ResponseWriter.MaxContacts], out _, out var value) ? value : default;
    }

    public void Dispose() => _socket.Dispose();

    private async Task<byte[]> AskAsync(Func<MessageId, byte[]> write)
    {
        for (var attempt = 1; ; attempt++)
        {
            var id = NewId();
            Send(write(id));
            try
            {
                var answer = await NextAsync();
                while (answer.Kind != DatagramKind.Response || answer.Id != id)
                {
                    answer = await NextAsync();
                }

                return answer.Body;
            }
            catch (OperationCanceledException) when (attempt < Attempts)
            {
                // Asked again.
            }
        }
    }
}
