namespace KadOrleans.Lab;

/// <summary>One standalone <c>kad node</c>, killed, stopped, frozen, and with a clock that jumps where that can be had.</summary>
internal sealed class NodeSubject : IHistorySubject
{
    private const string Member = "the node";
    private const int UdpClients = 3;

    private static readonly TimeSpan LongestToHealth = TimeSpan.FromMinutes(1);

    // FIND_VALUE is answered by what is held. A value that was remembered goes out in the background, after a break within a minute.
    private static readonly TimeSpan UdpStaleness = TimeSpan.FromSeconds(30);

    private readonly StaleMembers _stale = new(TimeSpan.FromSeconds(75));
    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(2) };
    private readonly NodeServer _node;
    private readonly TimeSpan _longest;

    private NodeSubject(int clients, TimeSpan longest)
    {
        var tokens = HistoryTokens.Write(_folder.Path);
        _longest = longest;
        _node = new NodeServer(_folder.Path, tokens.File, Machine.FakeTime is null ? null : new FakedClock(_folder.Path));
        Clients =
        [
            .. Enumerable.Range(0, clients - UdpClients).Select(_ => new HttpHistoryClient(Member, _node.Http, tokens.Secret, manages: true)),
            .. Enumerable.Range(0, UdpClients).Select(_ => new UdpHistoryClient(Member, _node.Address)),
        ];
    }

    public IReadOnlyList<IHistoryClient> Clients { get; }

    public bool Retries => false;

    public static async Task<NodeSubject> StartAsync(int clients, TimeSpan longest)
    {
        var subject = new NodeSubject(clients, longest);
        await subject._node.StartAsync();
        return subject;
    }

    public IReadOnlyList<HistoryFault> Plan(int seed, int faults)
    {
        var random = new Random(seed);
        (string Name, FaultActions Actions)[] kinds =
        [
            ("kill", new(_node.KillAsync, _node.StartAsync)),
            ("stop", new(async () => await _node.StopAsync(), _node.StartAsync)),
            ("freeze", new(_node.HangAsync, _node.ContinueAsync)),
            .. _node.Clock is null ? [] : (IEnumerable<(string, FaultActions)>)[("clock", new(() => JumpAsync(random), () => Task.CompletedTask))],
        ];
        var planned = new List<HistoryFault>();
        while (planned.Count < faults)
        {
            random.Shuffle(kinds);
            planned.AddRange(kinds.Select(kind => new HistoryFault(
                $"{kind.Name} of the node",
                TimeSpan.FromSeconds(Math.Round(_longest.TotalSeconds * random.NextDouble(), 1)),
                _stale.Of([Member], kind.Actions))));
        }

        return planned.GetRange(0, faults);
    }

    public async Task<bool> BecomesHealthyAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Eventually.ReadAsync(IsReadyAsync, isReady => isReady, LongestToHealth);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    public TimeSpan StalenessOf(IHistoryClient client, HistoryKey key) =>
        client.IsDatagrams && key.Kind != HistoryKeyKind.Datagrams ? UdpStaleness + _stale.Since(Member) : TimeSpan.Zero;

    public async ValueTask DisposeAsync()
    {
        foreach (var client in Clients)
        {
            await client.DisposeAsync();
        }

        await _node.DisposeAsync();
        _http.Dispose();
        _folder.Dispose();
    }

    private Task JumpAsync(Random random)
    {
        _node.Clock!.Set(TimeSpan.FromSeconds(random.Next(-7_200, 7_200)));
        return Task.CompletedTask;
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri(_node.Http, "/health/live"));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>The node's process, always where it was.</summary>
    private sealed class NodeServer(string folder, string tokens, FakedClock? clock) : RestartableServer
    {
        public FakedClock? Clock => clock;

        public IPEndPoint Address { get; } = new(IPAddress.Loopback, FreePort.Udp());

        public Uri Http { get; } = new($"http://127.0.0.1:{FreePort.Tcp()}");

        public override async Task StartAsync()
        {
            Process = KadProcess.Start(
                clock?.Variables ?? new Dictionary<string, string>(),
                "node", "--listen", $"{Address}", "--http", Http.Authority, "--http-tokens", tokens, "--data", Path.Combine(folder, "data"), "--trust", "127.0.0.0/8");
            await Process.LineAsync("listening udp");
        }
    }
}
