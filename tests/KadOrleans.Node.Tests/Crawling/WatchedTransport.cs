using KadOrleans.Core;
using KadOrleans.Node.Ports;
using KadOrleans.Simulation;
using KadOrleans.Wire;

namespace KadOrleans.Node.Tests.Crawling;

/// <summary>Counts the requests that go out and their answers. Without loss, the difference is what is under way.</summary>
internal sealed class WatchedTransport(SimulatedTransport inner, Func<TimeSpan> clock) : IDatagramTransport, IDatagramReceiver
{
    private readonly Dictionary<UdpEndpoint, int> _unanswered = [];
    private IDatagramReceiver? _receiver;

    public IReadOnlyList<UdpEndpoint> LocalEndpoints => inner.LocalEndpoints;

    /// <summary>When each request went out.</summary>
    public List<TimeSpan> SentAt { get; } = [];

    public int MostUnanswered { get; private set; }

    public int MostUnansweredPerEndpoint { get; private set; }

    public void Start(IDatagramReceiver receiver)
    {
        _receiver = receiver;
        inner.Start(this);
    }

    public bool Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination)
    {
        if (datagram[0] == (byte)DatagramKind.Request)
        {
            SentAt.Add(clock());
            _unanswered[destination] = _unanswered.GetValueOrDefault(destination) + 1;
            MostUnanswered = Math.Max(MostUnanswered, _unanswered.Values.Sum());
            MostUnansweredPerEndpoint = Math.Max(MostUnansweredPerEndpoint, _unanswered[destination]);
        }

        return inner.Send(datagram, destination);
    }

    public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint source, IResponseRoute route, TimeSpan age)
    {
        if (datagram[0] == (byte)DatagramKind.Response)
        {
            _unanswered[source]--;
        }

        _receiver!.Receive(datagram, source, this, age);
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
