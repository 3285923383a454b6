using KadOrleans.Core;

namespace KadOrleans.Simulation;

/// <summary>
/// Carries datagrams between the nodes of one process on virtual time, losing, delaying and doubling them by seed.
/// </summary>
/// <param name="clock">When datagrams arrive.</param>
/// <param name="random">Which are lost, and how long the others take.</param>
/// <param name="conditions">How it treats datagrams at first.</param>
public sealed class SimulatedNetwork(ManualTimeProvider clock, SeededRandomSource random, NetworkConditions conditions)
{
    private readonly Dictionary<UdpEndpoint, SimulatedTransport> _bound = [];
    private uint _nextAddress = 0x0B00_0001;

    /// <summary>Datagrams handed over so far.</summary>
    public long Sent { get; private set; }

    /// <summary>Bytes handed over so far.</summary>
    public long SentBytes { get; private set; }

    /// <summary>How it treats datagrams from now on.</summary>
    public NetworkConditions Conditions { get; set; } = conditions;

    /// <summary>Binds a transport at an address of its own; every one is in another subnet.</summary>
    public SimulatedTransport Bind() => Bind(UdpEndpoint.FromIPv4(NextAddress(), 8468));

    /// <summary>Binds a transport at a given address, which must be free.</summary>
    public SimulatedTransport Bind(UdpEndpoint endpoint)
    {
        var transport = new SimulatedTransport(this, endpoint);
        _bound.Add(endpoint, transport);
        return transport;
    }

    internal void Unbind(UdpEndpoint endpoint) => _bound.Remove(endpoint);

    internal void Carry(ReadOnlySpan<byte> datagram, UdpEndpoint source, UdpEndpoint destination)
    {
        Sent++;
        SentBytes += datagram.Length;
        var copies = random.NextDouble() < Conditions.Duplication ? 2 : 1;
        for (var i = 0; i < copies; i++)
        {
            if (random.NextDouble() >= Conditions.Loss)
            {
                Deliver(datagram.ToArray(), source, destination);
            }
        }
    }

    private void Deliver(byte[] datagram, UdpEndpoint source, UdpEndpoint destination)
    {
        var spread = Conditions.MaxDelay - Conditions.MinDelay;
        var delay = Conditions.MinDelay + (random.NextDouble() * spread);
        clock.CreateTimer(
            _ =>
            {
                if (_bound.TryGetValue(destination, out var transport))
                {
                    transport.Deliver(datagram, source);
                }
            },
            null,
            delay,
            Timeout.InfiniteTimeSpan);
    }

    // 11.0.0.0/8, one address per /24.
    private uint NextAddress()
    {
        var address = _nextAddress;
        _nextAddress += 0x100;
        return address;
    }
}
