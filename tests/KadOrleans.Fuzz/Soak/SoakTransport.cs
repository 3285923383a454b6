using KadOrleans.Core;
using KadOrleans.Node.Ports;
using KadOrleans.Wire;
using static KadOrleans.Fuzz.InvariantException;

namespace KadOrleans.Fuzz.Soak;

/// <summary>
/// Everybody beside the node. Honest contacts answer it; forged sources never do, and what they are sent is held against what came
/// in their name.
/// </summary>
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

    /// <inheritdoc/>
    public IReadOnlyList<UdpEndpoint> LocalEndpoints { get; } = [UdpEndpoint.Parse("11.0.0.1:8468")];

    /// <summary>The last requests of the node.</summary>
    public List<(MessageId Id, UdpEndpoint Destination)> Asked { get; } = [];

    /// <summary>Answers of honest contacts that are on their way.</summary>
    public Queue<(byte[] Datagram, UdpEndpoint Source)> Arriving { get; } = new();

    /// <summary>The most that one endpoint drew for each byte that came in its name.</summary>
    public double WorstRatio { get; private set; }

    /// <inheritdoc/>
    public void Start(IDatagramReceiver receiver)
    {
        // Datagrams are handed to the node directly.
    }

    /// <summary>Counts a datagram in a forged source's name.</summary>
    public void OnForged(int source, int length) => _received[source] += length;

    /// <inheritdoc/>
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

    /// <inheritdoc/>
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
