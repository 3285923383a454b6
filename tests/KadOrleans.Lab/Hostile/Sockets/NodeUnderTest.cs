namespace KadOrleans.Lab;

/// <summary>A <c>kad node</c> as a process of its own, in the same sandbox.</summary>
internal sealed class NodeUnderTest : IAsyncDisposable
{
    private readonly NodeProcess _node;
    private readonly List<CountingPeer> _contacts = [];

    private NodeUnderTest(NodeProcess node, UdpEndpoint ipv4, UdpEndpoint ipv6) => (_node, IPv4, IPv6) = (node, ipv4, ipv6);

    public UdpEndpoint IPv4 { get; }

    public UdpEndpoint IPv6 { get; }

    public long ResidentBytes => _node.Process.Memory.Current;

    public TimeSpan Cpu => _node.Process.ProcessorTime;

    public int Descriptors => Directory.GetFiles($"/proc/{_node.Process.Id}/fd").Length;

    public int LogLines => _node.Process.Error.All.Count;

    public static async Task<NodeUnderTest> StartAsync()
    {
        var node = await NodeProcess.StartAsync("--listen", "11.0.0.1:0", "--listen", "[2a0e:1::1]:0", "--in-memory");
        var ipv4 = UdpEndpoint.Parse((await node.Process.LineAsync("listening udp 11.")).Split(' ')[2]);
        return new NodeUnderTest(node, ipv4, UdpEndpoint.Parse((await node.Process.LineAsync("listening udp [")).Split(' ')[2]));
    }

    /// <summary>A peer on a socket of its own.</summary>
    public static CountingPeer PeerAt(UdpEndpoint endpoint, PeerAnswers answers = PeerAnswers.Pings) =>
        new(NodeId.Random(new CryptographicRandomSource()), new SocketTransport(endpoint), answers);

    /// <summary>Datagrams that the kernel dropped, as the node did not read them in time.</summary>
    public static long KernelDrops() => new[] { "/proc/net/udp", "/proc/net/udp6" }
        .SelectMany(File.ReadLines)
        .Where(line => line.Contains(':', StringComparison.Ordinal))
        .Sum(line => long.Parse(line.TrimEnd().Split(' ')[^1], CultureInfo.InvariantCulture));

    /// <summary>Adds honest contacts, each in a /24 of its own, and waits until the node knows them all.</summary>
    public Task AddContactsAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var peer = PeerAt(UdpEndpoint.FromIPv4(0x0B10_0001 + ((uint)_contacts.Count << 8), 7_000));
            _contacts.Add(peer);
            peer.Ping(IPv4, new CryptographicRandomSource());
        }

        return _node.HasContactsAsync(_contacts.Count);
    }

    public async Task<long> KeysAsync() => (long)(await _node.StatusAsync())["keys"]!;

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await Task.WhenAll(_contacts.Select(contact => contact.DisposeAsync().AsTask()));
    }
}
