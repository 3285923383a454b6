namespace KadOrleans.Lab;

/// <summary>
/// An IPv6 /60 sends STOREs of tiny values, from ten /64s. Before it an honest peer stored values; one of them is overwritten by
/// a forged datagram. After it the honest peer stores again.
/// </summary>
internal sealed class FillAttack(SocketAttackOptions options)
{
    private const int Sources = 160;
    private const int Contacts = 40;
    private const int HonestStores = 100;

    /// <summary>How long answers are awaited of which it is not known how many come.</summary>
    private static readonly TimeSpan LastAnswers = TimeSpan.FromSeconds(2);

    private static readonly CryptographicRandomSource Random = new();

    private readonly ForgedRequests _requests = new(Random);

    public async Task<object> RunAsync()
    {
        await using var node = await NodeUnderTest.StartAsync();
        await node.AddContactsAsync(Contacts);
        await using var honest = NodeUnderTest.PeerAt(UdpEndpoint.FromIPv4(0x0B30_0001, 7_000));
        var key = NodeId.Random(Random);
        honest.Send(_requests.Store(key, DhtValue.FromString("TRUE")), node.IPv4);
        await Eventually.IsTrueAsync(() => honest.Stored > 0);
        var (before, memory) = (await node.KeysAsync(), node.ResidentBytes);
        using (var forger = new ForgingSocket(node.IPv4))
        {
            forger.Send(_requests.Store(key, DhtValue.FromString("FALSE")), UdpEndpoint.FromIPv4(0x0B90_0101, 7_000));
        }

        var answers = options.Answering ? PeerAnswers.Pings : PeerAnswers.None;
        var sources = Enumerable.Range(0, Sources).Select(i => NodeUnderTest.PeerAt(Source(i), answers)).ToList();
        var begin = Stopwatch.GetTimestamp();
        await FillAsync(node, sources, begin);
        var elapsed = Stopwatch.GetElapsedTime(begin);
        await Task.Delay(LastAnswers);
        var filled = await node.KeysAsync();

        var stored = honest.Stored;
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        for (var i = 0; i < HonestStores; i++)
        {
            honest.Send(_requests.Store(NodeId.Random(Random), DhtValue.FromString("TRUE")), node.IPv4);
            await pace.WaitForNextTickAsync();
        }

        await Task.Delay(LastAnswers);
        honest.Send(_requests.FindValue(key), node.IPv4);
        await Eventually.IsTrueAsync(() => honest.Found > 0);
        await Task.WhenAll(sources.Select(source => source.DisposeAsync().AsTask()));
        return new
        {
            options.Count,
            options.Answering,
            Seconds = Math.Round(elapsed.TotalSeconds, 1),
            Accepted = sources.Sum(source => source.Stored),
            Refused = sources.Sum(source => source.Refused),
            KeysBefore = before,
            KeysAfter = filled,
            MemoryBefore = memory >> 20,
            MemoryAfter = node.ResidentBytes >> 20,
            HonestSent = HonestStores,
            HonestAccepted = honest.Stored - stored,
            ValueAfterForgedStore = honest.Value.AsString(),
            node.LogLines,
        };
    }

    private async Task FillAsync(NodeUnderTest node, List<CountingPeer> sources, long begin)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        for (var sent = 0; sent < options.Count;)
        {
            await timer.WaitForNextTickAsync();
            var due = Math.Min(Stopwatch.GetElapsedTime(begin).TotalSeconds * options.Rate, options.Count);
            for (; sent < due; sent++)
            {
                sources[sent % sources.Count].Send(_requests.Store(NodeId.Random(Random), DhtValue.FromBoolean(true)), node.IPv6);
            }
        }
    }

    private static UdpEndpoint Source(int index) => UdpEndpoint.Parse($"[2a0e:9:0:{index % 10:x}::{1 + index:x}]:7000");
}
