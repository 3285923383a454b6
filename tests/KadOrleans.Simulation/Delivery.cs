using KadOrleans.Core;

namespace KadOrleans.Simulation;

/// <summary>A datagram on its way. Used again, with its buffer, when it has arrived.</summary>
internal sealed class Delivery(SimulatedNetwork network) : ScheduledEvent
{
    private byte[] _buffer = [];
    private int _length;

    public UdpEndpoint Source { get; private set; }

    public UdpEndpoint Destination { get; private set; }

    public ReadOnlySpan<byte> Datagram => _buffer.AsSpan(0, _length);

    public void Load(ReadOnlySpan<byte> datagram, UdpEndpoint source, UdpEndpoint destination)
    {
        if (_buffer.Length < datagram.Length)
        {
            _buffer = new byte[datagram.Length];
        }

        datagram.CopyTo(_buffer);
        (_length, Source, Destination) = (datagram.Length, source, destination);
    }

    public override void Fire() => network.Arrive(this);
}
