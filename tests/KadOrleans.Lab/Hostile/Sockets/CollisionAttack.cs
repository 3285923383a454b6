namespace KadOrleans.Lab;

/// <summary>
/// Two addresses of one /24 send STOREs of keys that a weak hash gives one code, or of random keys as a control. Meanwhile an honest peer
/// gets a value that the node holds, ten times a second.
/// </summary>
internal sealed class CollisionAttack(SocketAttackOptions options)
{
    private const int Contacts = 40;
    private const int Sources = 2;

    private static readonly TimeSpan LastAnswers = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan BetweenGets = TimeSpan.FromMilliseconds(100);
    private static readonly CryptographicRandomSource Random = new();

    private readonly SeededRandomSource _chosen = new(1);
    private readonly ForgedRequests _requests = new(Random);

    public async Task<object> RunAsync()
    {
        await using var node = await NodeUnderTest.StartAsync();
        await node.AddContactsAsync(Contacts);
        await using var honest = NodeUnderTest.PeerAt(UdpEndpoint.FromIPv4(0x0B30_0001, 7_000));
        var key = NodeId.Random(Random);
        honest.Send(_requests.Store(key, DhtValue.FromString("TRUE")), node.IPv4);
        await Eventually.IsTrueAsync(() => honest.Stored > 0);

        var sources = Enumerable.Range(1, Sources).Select(i => NodeUnderTest.PeerAt(UdpEndpoint.FromIPv4(0x0B50_0000 + (uint)i, 7_000))).ToList();
        var (cpu, begin) = (node.Cpu, Stopwatch.GetTimestamp());
        var (sent, asked) = await FloodAsync(node, sources, honest, key, begin);
        var elapsed = Stopwatch.GetElapsedTime(begin);
        var cores = (node.Cpu - cpu) / elapsed;
        await Task.Delay(LastAnswers);
        var result = new
        {
            options.Colliding,
            options.Rate,
            Sent = sent,
            Seconds = Math.Round(elapsed.TotalSeconds, 1),
            Stored = sources.Sum(source => source.Stored),
            Refused = sources.Sum(source => source.Refused),
            Gets = asked,
            GetsAnswered = honest.Found,
            KernelDrops = NodeUnderTest.KernelDrops(),
            Cores = Math.Round(cores, 2),
            node.LogLines,
        };
        await Task.WhenAll(sources.Select(source => source.DisposeAsync().AsTask()));
        return result;
    }

    private async Task<(int Sent, int Asked)> FloodAsync(NodeUnderTest node, List<CountingPeer> sources, CountingPeer honest, NodeId key, long begin)
    {
        var (sent, asked) = (0, 0);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (Stopwatch.GetElapsedTime(begin).TotalSeconds < options.Seconds)
        {
            await timer.WaitForNextTickAsync();
            var elapsed = Stopwatch.GetElapsedTime(begin);
            for (; sent < elapsed.TotalSeconds * options.Rate; sent++)
            {
                var chosen = options.Colliding ? HashFamilies.FoldedId(_chosen) : NodeId.Random(_chosen);
                sources[sent % sources.Count].Send(_requests.Store(chosen, DhtValue.FromBoolean(true)), node.IPv4);
            }

            for (; asked < elapsed / BetweenGets; asked++)
            {
                honest.Send(_requests.FindValue(key), node.IPv4);
            }
        }

        return (sent, asked);
    }
}
