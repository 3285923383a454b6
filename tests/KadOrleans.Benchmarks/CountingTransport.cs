using KadOrleans.Core;
using KadOrleans.Node.Ports;

namespace KadOrleans.Benchmarks;

/// <summary>Throws away what is sent and counts it: the engine without a network.</summary>
internal sealed class CountingTransport : IDatagramTransport
{
    public long Sent { get; private set; }

    public IReadOnlyList<UdpEndpoint> LocalEndpoints { get; } = [UdpEndpoint.Parse("127.0.0.1:8468")];

    public void Start(IDatagramReceiver receiver)
    {
        // Datagrams are handed to the receiver directly.
    }

    public bool Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination)
    {
        Sent++;
        return true;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
