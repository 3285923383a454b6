namespace KadOrleans.Testing;

/// <summary>Fills a node with values under random keys, from many endpoints of its own, in turn.</summary>
public sealed class Filler
{
    private readonly SimulatedWorld _world;
    private readonly ForgedRequests _requests;
    private readonly List<Source> _sources = [];

    public Filler(SimulatedWorld world, AttackerSpread spread, int sources, bool answersPings)
    {
        (_world, _requests) = (world, new ForgedRequests(world.Random));
        for (var i = 0; i < sources; i++)
        {
            _sources.Add(new Source(
                NodeId.Random(world.Random), world.Network.Bind(AttackerAddresses.Of(spread, i)), answersPings));
        }
    }

    public int Accepted => _sources.Sum(source => source.Accepted);

    /// <summary>Sends STOREs at a rate, and waits a little for the last answers.</summary>
    public async Task FillAsync(UdpEndpoint victim, int count, int perSecond, DhtValue value)
    {
        for (var i = 0; i < count; i++)
        {
            _sources[i % _sources.Count].Send(_requests.Store(NodeId.Random(_world.Random), value), victim);
            if (i % Math.Max(perSecond / 100, 1) == 0)
            {
                await _world.PassAsync(TimeSpan.FromMilliseconds(10));
            }
        }

        await _world.PassAsync(TimeSpan.FromSeconds(5));
    }

    private sealed class Source(NodeId id, SimulatedTransport transport, bool answersPings) : AttackerPeer(id, transport)
    {
        public int Accepted { get; private set; }

        private protected override void OnResponse(MessageId id, ReadOnlySpan<byte> body) =>
            Accepted += ResponseReader.TryReadStored(body, out var stored) && stored ? 1 : 0;

        private protected override int Answer(Request request, MessageId id, UdpEndpoint source, Span<byte> answer) =>
            answersPings ? base.Answer(request, id, source, answer) : 0;
    }
}
