namespace KadOrleans.Lab;

/// <summary>
/// Newcomers ask a node once each, at random moments of a flood under forged sources. Meanwhile a proven peer pings it, and its
/// memory and processor time are looked at.
/// </summary>
internal sealed class FloodAttack(SocketAttackOptions options)
{
    private const int Contacts = 40;
    private const int Seed = 20_261_121;

    private static readonly TimeSpan LastAnswers = TimeSpan.FromSeconds(4);

    private readonly SeededRandomSource _random = new(Seed);
    private readonly List<CountingPeer> _newcomers = [];
    private long _mostMemory;
    private int _mostDescriptors;
    private int _pings;

    public async Task<object> RunAsync()
    {
        await using var node = await NodeUnderTest.StartAsync();
        await node.AddContactsAsync(Contacts);
        await using var proven = NodeUnderTest.PeerAt(UdpEndpoint.FromIPv4(0x0B30_0001, 7_000));
        var (memory, cpu, begin) = (node.ResidentBytes, node.Cpu, Stopwatch.GetTimestamp());
        long sent;
        using (var flood = new Flood(node.IPv4, options.Kind, options.Rate, Seed))
        {
            await AskAsync(node, proven, begin);
            sent = flood.Sent;
        }

        var elapsed = Stopwatch.GetElapsedTime(begin);
        await Task.Delay(LastAnswers);
        return new
        {
            Kind = options.Kind?.ToString() ?? "mixed",
            options.Rate,
            Sent = sent,
            SentPerSecond = Math.Round(sent / elapsed.TotalSeconds),
            KernelDrops = NodeUnderTest.KernelDrops(),
            Newcomers = _newcomers.Count,
            Answered = _newcomers.Count(peer => peer.MostContacts > 0),
            Full = _newcomers.Count(peer => peer.MostContacts >= 20),
            ProvenPings = _pings,
            ProvenAnswers = proven.Datagrams,
            Cores = Math.Round((node.Cpu - cpu) / elapsed, 2),
            MemoryBefore = memory >> 20,
            MemoryMost = _mostMemory >> 20,
            DescriptorsMost = _mostDescriptors,
            node.LogLines,
        };
    }

    private async Task AskAsync(NodeUnderTest node, CountingPeer proven, long begin)
    {
        var moments = new Queue<double>(
            Enumerable.Range(0, options.Newcomers).Select(_ => _random.NextDouble() * options.Seconds).Order());
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        var nextLook = 0.0;
        while (Stopwatch.GetElapsedTime(begin).TotalSeconds < options.Seconds)
        {
            await timer.WaitForNextTickAsync();
            var now = Stopwatch.GetElapsedTime(begin).TotalSeconds;
            while (moments.TryPeek(out var moment) && moment <= now)
            {
                moments.Dequeue();
                Ask(node.IPv4);
            }

            if (now >= nextLook)
            {
                nextLook = now + 0.25;
                proven.Ping(node.IPv4, _random);
                _pings++;
                _mostMemory = Math.Max(_mostMemory, node.ResidentBytes);
                _mostDescriptors = Math.Max(_mostDescriptors, node.Descriptors);
            }
        }
    }

    private void Ask(UdpEndpoint node)
    {
        // 11.64.0.0/10: a /24 for each.
        var peer = NodeUnderTest.PeerAt(UdpEndpoint.FromIPv4(0x0B40_0001 + ((uint)_newcomers.Count << 8), 7_000));
        _newcomers.Add(peer);
        var random = new CryptographicRandomSource();
        peer.FindNode(node, MessageId.Random(random), NodeId.Random(random));
    }
}

/// <summary>Requests under forged sources at a rate, from a thread of its own.</summary>
internal sealed class Flood : IDisposable
{
    /// <summary>Behind its rate by more than this, it gives datagrams up in place of sending them in one burst.</summary>
    private const double MaxBehindSeconds = 0.02;

    private readonly Thread _thread;
    private volatile bool _stopped;
    private long _sent;

    public Flood(UdpEndpoint victim, RequestKind? kind, int perSecond, int seed)
    {
        _thread = new Thread(() => Run(victim, kind, perSecond, new SeededRandomSource(seed))) { IsBackground = true, Name = "flood" };
        _thread.Start();
    }

    public long Sent => Volatile.Read(ref _sent);

    public void Dispose()
    {
        _stopped = true;
        _thread.Join();
    }

    private void Run(UdpEndpoint victim, RequestKind? kind, int perSecond, SeededRandomSource random)
    {
        using var socket = new ForgingSocket(victim);
        var requests = new ForgedRequests(random);
        var begin = Stopwatch.GetTimestamp();
        var given = 0.0;
        while (!_stopped)
        {
            var due = Stopwatch.GetElapsedTime(begin).TotalSeconds * perSecond;
            given = Math.Max(given, due - (MaxBehindSeconds * perSecond));
            for (; given + 1 <= due; given++)
            {
                // 11.128.0.0/9: none of the honest peers' addresses.
                var source = UdpEndpoint.FromIPv4(0x0B80_0000 + (uint)random.Next(0x80_0000), (ushort)(1_024 + random.Next(60_000)));
                socket.Send(requests.Next(kind), source);
                Volatile.Write(ref _sent, _sent + 1);
            }

            Thread.Sleep(TimeSpan.FromMilliseconds(1));
        }
    }
}
