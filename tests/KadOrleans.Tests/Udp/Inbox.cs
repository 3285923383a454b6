using System.Threading.Channels;

namespace KadOrleans.Tests.Udp;

/// <summary>Keeps what a transport receives, and on which thread.</summary>
internal sealed class Inbox : IDatagramReceiver
{
    private readonly Channel<Arrival> _arrivals = Channel.CreateUnbounded<Arrival>();

    public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint source, IResponseRoute route, TimeSpan age) =>
        _arrivals.Writer.TryWrite(new Arrival(datagram.ToArray(), source, route, Environment.CurrentManagedThreadId));

    public Task<Arrival> NextAsync() => _arrivals.Reader.ReadAsync().AsTask().WaitAsync(Patience.Long);

    public async Task<List<Arrival>> NextAsync(int count)
    {
        using var deadline = new CancellationTokenSource(Patience.Long);
        return await _arrivals.Reader.ReadAllAsync(deadline.Token).Take(count).ToListAsync();
    }

    internal sealed record Arrival(byte[] Datagram, UdpEndpoint Source, IResponseRoute Route, int Thread);
}

internal sealed class DelegateReceiver(DelegateReceiver.Handler handler) : IDatagramReceiver
{
    internal delegate void Handler(ReadOnlySpan<byte> datagram, UdpEndpoint source, IResponseRoute route);

    public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint source, IResponseRoute route, TimeSpan age) => handler(datagram, source, route);
}

internal static class Patience
{
    /// <summary>Longer than anything that works takes on a busy machine.</summary>
    internal static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
}
