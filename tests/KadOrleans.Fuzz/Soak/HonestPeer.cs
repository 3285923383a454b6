using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Wire;

namespace KadOrleans.Fuzz.Soak;

/// <summary>A contact that answers what the node asks, and remembers what the node answers it.</summary>
internal sealed class HonestPeer(UdpEndpoint endpoint)
{
    private readonly byte[] _buffer = new byte[Datagram.MaxLength];
    private readonly Contact[] _contacts = new Contact[ResponseWriter.MaxContacts];

    public Contact Contact { get; } = new(NodeId.FromKey(endpoint.ToString()), endpoint);

    /// <summary>Whether a PING of its own was answered.</summary>
    public bool HasPong { get; private set; }

    /// <summary>Whether a STORE of its own was acknowledged.</summary>
    public bool HasStored { get; private set; }

    /// <summary>Contacts that the node named last.</summary>
    public int Named { get; private set; }

    /// <summary>The value that the node gave last.</summary>
    public DhtValue Value { get; private set; }

    /// <summary>Forgets what the node answered.</summary>
    public void Forget() => (HasPong, HasStored, Named, Value) = (false, false, 0, default);

    /// <summary>A datagram of the node's; the answer, if there is one, is put on its way.</summary>
    public void Take(ReadOnlySpan<byte> datagram, Queue<(byte[] Datagram, UdpEndpoint Source)> arriving, UdpEndpoint node)
    {
        if (!Datagram.TryReadHeader(datagram, out var kind, out var id, out var body, out _))
        {
            return;
        }

        if (kind == DatagramKind.Response)
        {
            TakeResponse(body);
        }
        else if (Request.TryDecode(body, out var request, out _))
        {
            var length = request.Kind switch
            {
                RequestKind.Ping => ResponseWriter.WritePong(_buffer, id, Contact.Id),
                RequestKind.Stun => ResponseWriter.WriteStun(_buffer, id, node),
                RequestKind.Store => ResponseWriter.WriteStored(_buffer, id, true),
                _ => ResponseWriter.WriteNodes(_buffer, id, []),
            };
            arriving.Enqueue((_buffer[..length], Contact.Endpoint));
        }
    }

    private void TakeResponse(ReadOnlySpan<byte> body)
    {
        if (ResponseReader.TryReadPong(body, out _))
        {
            HasPong = true;
        }
        else if (ResponseReader.TryReadStored(body, out var stored))
        {
            HasStored |= stored;
        }
        else if (ResponseReader.TryReadFindValue(body, _contacts, out var count, out var value))
        {
            (Named, Value) = (Math.Max(Named, count), value);
        }
    }
}
