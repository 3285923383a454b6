namespace KadOrleans.Lab;

/// <summary>Fills a node with values under random keys, from many endpoints of its own, in turn.</summary>
public sealed class Filler(SimulatedWorld world, AttackerSpread spread, int sources, bool answersPings)
{
    private readonly ForgedRequests _requests = new(world.Random);

    private readonly Source[] _sources = [.. Enumerable.Range(0, sources).Select(i => new Source(
        NodeId.Random(world.Random), world.Network.Bind(AttackerAddresses.Of(spread, i)), answersPings))];

    public int Accepted => _sources.Sum(source => source.Accepted);

    /// <summary>Sends STOREs at a rate, and waits a little for the last answers.</summary>
    public async Task FillAsync(UdpEndpoint victim, int count, int perSecond, DhtValue value)
    {
        for (var i = 0; i < count; i++)
        {
            _sources[i % _sources.Length].Send(_requests.Store(NodeId.Random(world.Random), value), victim);
            if (i % Math.Max(perSecond / 100, 1) == 0)
            {
                await world.PassAsync(TimeSpan.FromMilliseconds(10));
            }
        }

        await world.PassAsync(TimeSpan.FromSeconds(5));
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
