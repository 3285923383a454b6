namespace KadOrleans.Tests.Node;

/// <summary>Crawls a simulated network from one of its addresses.</summary>
internal static class CrawlScene
{
    public const int Rate = 2_000;

    public static async Task<(CrawlRun Run, bool IsDone)> CrawlAsync(
        SimulatedWorld world, UdpEndpoint start, CrawlOptions? options = null, int rate = Rate, IDatagramTransport? transport = null)
    {
        await using var client = await world.StartAsync(options => options.ClientOnly = true, transport: transport);
        var run = client.Engine.PrepareCrawl(options ?? new CrawlOptions(), rate);
        run.Change(crawl => crawl.Add(start));
        return (run, await run.RunAsync(TestContext.Current.CancellationToken));
    }

    public static void Note(string text) => TestContext.Current.TestOutputHelper?.WriteLine(text);
}

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
