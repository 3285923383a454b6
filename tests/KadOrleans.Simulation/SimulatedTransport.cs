using KadOrleans.Core;
using KadOrleans.Node.Ports;

namespace KadOrleans.Simulation;

/// <summary>One node's place on a <see cref="SimulatedNetwork"/>.</summary>
public sealed class SimulatedTransport : IDatagramTransport
{
    private readonly SimulatedNetwork _network;
    private IDatagramReceiver? _receiver;
    private bool _disposed;

    internal SimulatedTransport(SimulatedNetwork network, UdpEndpoint endpoint)
    {
        _network = network;
        LocalEndpoints = [endpoint];
    }

    /// <inheritdoc/>
    public IReadOnlyList<UdpEndpoint> LocalEndpoints { get; }

    /// <summary>Its one address.</summary>
    public UdpEndpoint Endpoint => LocalEndpoints[0];

    /// <summary>While true, nothing arrives and nothing leaves: the node is cut off.</summary>
    public bool IsCutOff { get; set; }

    /// <summary>Bytes sent so far.</summary>
    public long SentBytes { get; private set; }

    /// <inheritdoc/>
    public void Start(IDatagramReceiver receiver)
    {
        if (_receiver is not null)
        {
            throw new InvalidOperationException("The transport has been started already.");
        }

        _receiver = receiver;
    }

    /// <inheritdoc/>
    public bool Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination)
    {
        if (_disposed)
        {
            return false;
        }

        if (!IsCutOff)
        {
            SentBytes += datagram.Length;
            _network.Carry(datagram, Endpoint, destination);
        }

        return true;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _disposed = true;
        _network.Unbind(Endpoint);
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
