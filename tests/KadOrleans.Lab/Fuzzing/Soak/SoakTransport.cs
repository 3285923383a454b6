using System.Runtime.InteropServices;
using static KadOrleans.Lab.InvariantException;

namespace KadOrleans.Lab;

/// <summary>Checks what the node sends. Forged sources never answer, and what they are sent is held against what came in their name.</summary>
internal sealed class SoakTransport(SimulatedTransport network) : IDatagramTransport
{
    /// <summary>As many as the node holds pending answers for, and as many again, times eight.</summary>
    public const int ForgedCount = 65_536;

    /// <summary>Bytes of answers and pings per received byte that an unproven endpoint may draw.</summary>
    private const double MaxAmplification = 2.0;

    /// <summary>Requests of the node's that a mutated response may pretend to answer.</summary>
    private const int Remembered = 64;

    private const uint FirstForged = 0x0D00_0000;

    private readonly Dictionary<UdpEndpoint, (long Received, long Drawn)> _forged = new(ForgedCount);

    public IReadOnlyList<UdpEndpoint> LocalEndpoints => network.LocalEndpoints;

    public List<(MessageId Id, UdpEndpoint Destination)> Asked { get; } = [];

    /// <summary>The most that one endpoint drew for each byte that came in its name.</summary>
    public double WorstRatio { get; private set; }

    /// <summary>A forged source in 13.0.0.0/16, in 256 /24s; nobody answers there.</summary>
    public static UdpEndpoint Forged(int place) => UdpEndpoint.FromIPv4(FirstForged + (uint)place, 8468);

    public void Start(IDatagramReceiver receiver) => network.Start(receiver);

    public void OnForged(UdpEndpoint source, int length) =>
        CollectionsMarshal.GetValueRefOrAddDefault(_forged, source, out _).Received += length;

    public bool Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination)
    {
        Require(
            Datagram.TryReadHeader(datagram, out var kind, out var id, out var body),
            $"a datagram of {datagram.Length} bytes is sent that is none");

        // Requests other than pings are a lookup's, which asks whom others name.
        var isDrawn = kind == DatagramKind.Response;
        if (kind == DatagramKind.Request)
        {
            Require(Request.TryDecode(body, out var request), "a request is sent that cannot be read");
            isDrawn = request.Kind == RequestKind.Ping;
            Asked.RemoveRange(0, Asked.Count == Remembered ? 1 : 0);
            Asked.Add((id, destination));
        }

        if (isDrawn && destination.Port == 8468 && (uint)destination.AddressLow >> 16 == FirstForged >> 16)
        {
            Draw(destination, datagram.Length);
        }

        return network.Send(datagram, destination) && destination.IsUnicast;
    }

    public ValueTask DisposeAsync() => network.DisposeAsync();

    private void Draw(UdpEndpoint destination, int length)
    {
        ref var counts = ref CollectionsMarshal.GetValueRefOrAddDefault(_forged, destination, out _);
        counts.Drawn += length;
        var ratio = counts.Drawn / (double)counts.Received;
        WorstRatio = Math.Max(WorstRatio, ratio);
        Require(ratio <= MaxAmplification, $"{destination} is unproven, sent {counts.Received} bytes and is sent {counts.Drawn}");
    }
}
