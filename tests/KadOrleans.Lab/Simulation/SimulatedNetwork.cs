namespace KadOrleans.Lab;

/// <summary>
/// Carries datagrams between the nodes of one process on virtual time, losing, delaying and doubling them by seed.
/// </summary>
public sealed class SimulatedNetwork(ManualTimeProvider clock, SeededRandomSource random, NetworkConditions conditions)
{
    private readonly Dictionary<UdpEndpoint, SimulatedTransport> _bound = [];
    private readonly Stack<Delivery> _arrived = new();
    private readonly List<NetworkCut> _cuts = [];
    private uint _nextAddress = 0x0B00_0001;

    public long Sent { get; private set; }

    public long SentBytes { get; private set; }

    public NetworkConditions Conditions { get; set; } = conditions;

    public TrafficMeter? Traffic { get; set; }

    /// <summary>Binds a transport at an address of its own; every one is in another subnet.</summary>
    public SimulatedTransport Bind() => Bind(UdpEndpoint.FromIPv4(NextAddress(), 8468));

    public SimulatedTransport Bind(UdpEndpoint endpoint)
    {
        var transport = new SimulatedTransport(this, endpoint);
        _bound.Add(endpoint, transport);
        return transport;
    }

    /// <summary>
    /// Sends a datagram under a source address that the sender need not own. Whatever that draws goes to the owner of the
    /// address, or is lost.
    /// </summary>
    public void Forge(ReadOnlySpan<byte> datagram, UdpEndpoint source, UdpEndpoint destination) =>
        Carry(datagram, source, destination);

    /// <summary>Cuts some addresses off from all others for a while, from now on. They still reach each other.</summary>
    public NetworkCut Cut(IEnumerable<UdpEndpoint> part, TimeSpan length)
    {
        var cut = new NetworkCut(part, clock.Elapsed, clock.Elapsed + length);
        _cuts.Add(cut);
        return cut;
    }

    internal void Unbind(UdpEndpoint endpoint) => _bound.Remove(endpoint);

    internal void Carry(ReadOnlySpan<byte> datagram, UdpEndpoint source, UdpEndpoint destination)
    {
        Sent++;
        SentBytes += datagram.Length;
        Traffic?.Count(datagram, source, destination, clock.Elapsed);
        var copies = random.NextDouble() < Conditions.Duplication ? 2 : 1;
        for (var i = 0; i < copies; i++)
        {
            if (random.NextDouble() >= Conditions.Loss && !IsCut(source, destination))
            {
                Deliver(datagram, source, destination);
            }
        }
    }

    internal void Arrive(Delivery delivery)
    {
        try
        {
            if (_bound.TryGetValue(delivery.Destination, out var transport))
            {
                transport.Deliver(delivery.Datagram, delivery.Source);
            }
        }
        finally
        {
            _arrived.Push(delivery);
        }
    }

    private bool IsCut(UdpEndpoint source, UdpEndpoint destination)
    {
        foreach (var cut in _cuts)
        {
            if (cut.Separates(source, destination, clock.Elapsed))
            {
                return true;
            }
        }

        return false;
    }

    private void Deliver(ReadOnlySpan<byte> datagram, UdpEndpoint source, UdpEndpoint destination)
    {
        var spread = Conditions.MaxDelay - Conditions.MinDelay;
        var delay = Conditions.MinDelay + (random.NextDouble() * spread);
        if (!_arrived.TryPop(out var delivery))
        {
            delivery = new Delivery(this);
        }

        delivery.Load(datagram, source, destination);
        clock.Schedule(delivery, delay);
    }

    // From 11.0.0.0 on, one address per /24, up to the loopback network: 7.6 million.
    private uint NextAddress()
    {
        var address = _nextAddress;
        _nextAddress += 0x100;
        return address < 0x7F00_0000 ? address : throw new InvalidOperationException("The simulated network is out of addresses.");
    }
}

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

public sealed record NetworkConditions
{
    /// <summary>Share of datagrams that are lost, 0 to 1.</summary>
    public double Loss { get; init; }

    /// <summary>Share of datagrams that arrive twice, 0 to 1.</summary>
    public double Duplication { get; init; }

    public TimeSpan MinDelay { get; init; } = TimeSpan.FromMilliseconds(10);

    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMilliseconds(60);
}

/// <summary>One node's place on a <see cref="SimulatedNetwork"/>.</summary>
public sealed class SimulatedTransport(SimulatedNetwork network, UdpEndpoint endpoint) : IDatagramTransport
{
    private IDatagramReceiver? _receiver;
    private bool _disposed;

    public IReadOnlyList<UdpEndpoint> LocalEndpoints { get; } = [endpoint];

    public UdpEndpoint Endpoint => LocalEndpoints[0];

    public bool IsCutOff { get; set; }

    public long SentBytes { get; private set; }

    public void Start(IDatagramReceiver receiver) => _receiver = _receiver is null
        ? receiver
        : throw new InvalidOperationException("The transport has been started already.");

    public bool Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination)
    {
        if (_disposed)
        {
            return false;
        }

        if (!IsCutOff)
        {
            SentBytes += datagram.Length;
            network.Carry(datagram, Endpoint, destination);
        }

        return true;
    }

    public ValueTask DisposeAsync()
    {
        _disposed = true;
        network.Unbind(Endpoint);
        return ValueTask.CompletedTask;
    }

    internal void Deliver(ReadOnlySpan<byte> datagram, UdpEndpoint source)
    {
        if (!_disposed && !IsCutOff)
        {
            _receiver?.Receive(datagram, source, this, TimeSpan.Zero);
        }
    }
}
