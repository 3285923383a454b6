using KadOrleans.Core;
using KadOrleans.Node.Ports;

namespace KadOrleans.Fuzz.Engine;

/// <summary>Enters what the node sends into the ledger, and carries it nowhere.</summary>
internal sealed class LedgerTransport(TrafficLedger ledger) : IDatagramTransport
{
    public static readonly UdpEndpoint Own = UdpEndpoint.Parse("11.0.0.1:8468");

    public IReadOnlyList<UdpEndpoint> LocalEndpoints { get; } = [Own];

    public void Start(IDatagramReceiver receiver)
    {
        // Datagrams are handed to the node directly.
    }

    public bool Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination)
    {
        ledger.OnSent(datagram, destination);
        return destination.IsUnicast;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
