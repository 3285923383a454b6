namespace KadOrleans.Lab;

/// <summary>Fills a node with values under random keys, from many endpoints of its own, in turn.</summary>
public sealed class Filler(SimulatedWorld world, AttackerSpread spread, int sources, bool answersPings)
{
    private readonly ForgedRequests _requests = new(world.Random);

    private readonly CountingPeer[] _sources = [.. Enumerable.Range(0, sources).Select(i => new CountingPeer(
        NodeId.Random(world.Random), world.Network.Bind(AttackerAddresses.Of(spread, i)), answersPings ? PeerAnswers.All : PeerAnswers.None))];

    public int Accepted => _sources.Sum(source => source.Stored);

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
}
