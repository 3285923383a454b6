using static KadOrleans.Lab.InvariantException;

namespace KadOrleans.Lab;

// Everybody beside the node. Honest contacts answer it; forged sources never do, and what they are sent is held against what came
// in their name.
internal sealed class SoakTransport : IDatagramTransport
{
    /// <summary>Bytes of answers and pings per received byte that an unproven endpoint may draw.</summary>
    private const double MaxAmplification = 2.0;

    /// <summary>Requests of the node's that a mutated response may pretend to answer.</summary>
    private const int Remembered = 64;

    private readonly Dictionary<UdpEndpoint, int> _forgedPlaces = [];
    private readonly long[] _received;
    private readonly long[] _drawn;
    private readonly Dictionary<UdpEndpoint, HonestPeer> _honest;

    public SoakTransport(IReadOnlyList<UdpEndpoint> forged, IEnumerable<HonestPeer> honest)
    {
        for (var i = 0; i < forged.Count; i++)
        {
            _forgedPlaces.Add(forged[i], i);
        }

        (_received, _drawn) = (new long[forged.Count], new long[forged.Count]);
        _honest = honest.ToDictionary(peer => peer.Contact.Endpoint);
    }

    public IReadOnlyList<UdpEndpoint> LocalEndpoints { get; } = [UdpEndpoint.Parse("11.0.0.1:8468")];

    public List<(MessageId Id, UdpEndpoint Destination)> Asked { get; } = [];

    public Queue<(byte[] Datagram, UdpEndpoint Source)> Arriving { get; } = new();

    /// <summary>The most that one endpoint drew for each byte that came in its name.</summary>
    public double WorstRatio { get; private set; }

    public void Start(IDatagramReceiver receiver)
    {
        // Datagrams are handed to the node directly.
    }

    public void OnForged(int source, int length) => _received[source] += length;

    public bool Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination)
    {
        Require(
            Datagram.TryReadHeader(datagram, out var kind, out var id, out var body, out var error),
            $"a datagram of {datagram.Length} bytes is sent that is {error}");
        var isPing = false;
        if (kind == DatagramKind.Request)
        {
            Require(Request.TryDecode(body, out var request, out error), $"a request is sent that is {error}");
            isPing = request.Kind == RequestKind.Ping;
            Remember(id, destination);
        }

        if (_honest.TryGetValue(destination, out var peer))
        {
            peer.Take(datagram, Arriving, LocalEndpoints[0]);
        }
        else if (_forgedPlaces.TryGetValue(destination, out var place) && (isPing || kind == DatagramKind.Response))
        {
            // Other requests are a lookup's, which asks whom others name.
            Draw(place, destination, datagram.Length);
        }

        return destination.IsUnicast;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Draw(int place, UdpEndpoint destination, int length)
    {
        _drawn[place] += length;
        var ratio = _drawn[place] / (double)_received[place];
        WorstRatio = Math.Max(WorstRatio, ratio);
        Require(
            ratio <= MaxAmplification,
            $"{destination} is unproven, sent {_received[place]} bytes and is sent {_drawn[place]}");
    }

    private void Remember(MessageId id, UdpEndpoint destination)
    {
        if (Asked.Count == Remembered)
        {
            Asked.RemoveAt(0);
        }

        Asked.Add((id, destination));
    }
}

internal sealed class SoakSources
{
    /// <summary>As many as the node holds pending answers for, and as many again, times eight.</summary>
    private const int ForgedCount = 65_536;

    private const int HonestCount = 60;

    /// <summary>Forged sources in 13.0.0.0/8, in 256 /24s; nobody answers there.</summary>
    public IReadOnlyList<UdpEndpoint> Forged { get; } =
        [.. Enumerable.Range(0, ForgedCount).Select(i => UdpEndpoint.FromIPv4(0x0D00_0000 + (uint)i, 8468))];

    /// <summary>Contacts, in a /24 each. Others forge their addresses, but for that of <see cref="Witness"/>.</summary>
    public IReadOnlyList<HonestPeer> Honest { get; } =
        [.. Enumerable.Range(1, HonestCount).Select(i => new HonestPeer(UdpEndpoint.Parse($"11.1.{i}.1:8468")))];

    public HonestPeer Witness { get; } = new(UdpEndpoint.Parse("12.1.1.1:8468"));

    /// <summary>Whether an endpoint of this address has ever answered the node.</summary>
    public static bool IsHonest(UdpEndpoint endpoint) => (byte)(endpoint.AddressLow >> 24) is 11 or 12;
}

/// <summary>A contact that answers what the node asks, and remembers what the node answers it.</summary>
internal sealed class HonestPeer(UdpEndpoint endpoint)
{
    private readonly byte[] _buffer = new byte[Datagram.MaxLength];
    private readonly Contact[] _contacts = new Contact[ResponseWriter.MaxContacts];

    public Contact Contact { get; } = new(NodeId.FromKey(endpoint.ToString()), endpoint);

    public bool HasPong { get; private set; }

    public bool HasStored { get; private set; }

    public int Named { get; private set; }

    public DhtValue Value { get; private set; }

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
