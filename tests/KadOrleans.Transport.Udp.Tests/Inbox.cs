using System.Threading.Channels;
using KadOrleans.Core;
using KadOrleans.Node.Ports;

namespace KadOrleans.Transport.Udp.Tests;

/// <summary>Keeps what a transport receives, and on which thread.</summary>
internal sealed class Inbox : IDatagramReceiver
{
    private readonly Channel<Arrival> _arrivals = Channel.CreateUnbounded<Arrival>();

    public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint source, IResponseRoute route, TimeSpan age) =>
        _arrivals.Writer.TryWrite(new Arrival(datagram.ToArray(), source, Environment.CurrentManagedThreadId));

    public Task<Arrival> NextAsync() => _arrivals.Reader.ReadAsync().AsTask().WaitAsync(Patience.Long);

    internal sealed record Arrival(byte[] Datagram, UdpEndpoint Source, int Thread);
}
