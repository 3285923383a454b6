namespace KadOrleans.Lab;

/// <summary>A <c>kad node</c> as a process of its own, in the same sandbox.</summary>
internal sealed class NodeUnderTest : IAsyncDisposable
{
    private static readonly HttpClient Http = new();

    private readonly ChildProcess _process;
    private readonly Uri _status;
    private readonly List<CountingPeer> _contacts = [];

    private NodeUnderTest(ChildProcess process, UdpEndpoint ipv4, UdpEndpoint ipv6, Uri status) =>
        (_process, IPv4, IPv6, _status) = (process, ipv4, ipv6, status);

    public UdpEndpoint IPv4 { get; }

    public UdpEndpoint IPv6 { get; }

    public static async Task<NodeUnderTest> StartAsync()
    {
        var process = ChildProcess.Start(
            "kad", Path.GetTempPath(), "node", "--listen", "11.0.0.1:0", "--listen", "[2a0e:1::1]:0", "--http", "127.0.0.1:0", "--in-memory");
        var ipv4 = UdpEndpoint.Parse((await process.LineAsync("listening udp 11.")).Split(' ')[2]);
        var ipv6 = UdpEndpoint.Parse((await process.LineAsync("listening udp [")).Split(' ')[2]);
        var http = await Eventually.ReadAsync(() => Task.FromResult(NodeProcess.HttpOf(process)), address => address.Length > 0);
        return new NodeUnderTest(process, ipv4, ipv6, new Uri($"http://{http}/status"));
    }

    /// <summary>A peer on a socket of its own.</summary>
    public static CountingPeer PeerAt(UdpEndpoint endpoint, PeerAnswers answers = PeerAnswers.Pings) =>
        new(NodeId.Random(new CryptographicRandomSource()), new SocketTransport(endpoint), answers);

    /// <summary>Adds honest contacts, each in a /24 of its own, and waits until the node knows them all.</summary>
    public async Task AddContactsAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var peer = PeerAt(UdpEndpoint.FromIPv4(0x0B10_0001 + ((uint)_contacts.Count << 8), 7_000));
            _contacts.Add(peer);
            peer.Ping(IPv4, new CryptographicRandomSource());
        }

        await Eventually.ReadAsync(async () => (await StatusAsync())["contacts"]!.GetValue<int>(), known => known >= _contacts.Count);
    }

    private async Task<JsonNode> StatusAsync() => JsonNode.Parse(await Http.GetStringAsync(_status))!;

    public async Task<long> KeysAsync() => (await StatusAsync())["keys"]!.GetValue<long>();

    public long ResidentBytes => _process.Memory.Current;

    public TimeSpan Cpu => _process.ProcessorTime;

    public int Descriptors => Directory.GetFiles($"/proc/{_process.Id}/fd").Length;

    public int LogLines => _process.Error.All.Count;

    /// <summary>Datagrams that the kernel dropped, as the node did not read them in time.</summary>
    public static long KernelDrops() => new[] { "/proc/net/udp", "/proc/net/udp6" }
        .SelectMany(File.ReadLines)
        .Where(line => line.Contains(':', StringComparison.Ordinal))
        .Sum(line => long.Parse(line.TrimEnd().Split(' ')[^1], CultureInfo.InvariantCulture));

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        await Task.WhenAll(_contacts.Select(contact => contact.DisposeAsync().AsTask()));
    }
}
