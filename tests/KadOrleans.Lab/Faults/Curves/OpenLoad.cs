namespace KadOrleans.Lab;

/// <summary>
/// Calls at given rates, sent when they are due whether earlier ones are answered or not. Half of the FIND_VALUEs ask for
/// the keys that were stored before, half for any of a million, of which STORE stores. <see cref="Wanted"/> replaces both, and
/// <see cref="Held"/> what is stored too.
/// </summary>
internal sealed class OpenLoad : IAsyncDisposable
{
    public const int StoredKeys = 20_000;

    public const int Keys = 1_000_000;

    private const byte FirstSource = 40;
    private const int Sources = 8;
    private const int AtOnce = 64;

    /// <summary>What is answered later is not answered: the reference waits as long.</summary>
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan KnownFor = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(2);

    private readonly List<UdpAsker> _calls;
    private readonly LoadRates _rates;
    private readonly Random _random;
    private readonly ConcurrentDictionary<int, byte> _stored = [];

    // By edge and key: when it was answered with a value last.
    private readonly ConcurrentDictionary<(int Edge, int Key), long> _found = [];
    private readonly int _edges;
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private long _start;
    private int _turn;

    /// <summary>Starts a load when the values that it asks for are stored.</summary>
    public static async Task<OpenLoad> StartAsync(
        FaultyCluster cluster, LoadRates rates, ProgressLog log, CancellationToken cancellationToken, int? held = null)
    {
        var load = new OpenLoad(cluster.EdgeAddresses, rates) { Held = held };
        await load.FillAsync(cancellationToken);
        log.Tell($"{held ?? StoredKeys} values are stored.");
        load.Start();
        return load;
    }

    public OpenLoad(IReadOnlyList<IPEndPoint> edges, LoadRates rates, int seed = 1)
    {
        (_rates, _random, _edges) = (rates, new Random(seed), edges.Count);
        _calls = [.. Enumerable.Range(0, Sources).SelectMany(i => edges.Select(edge => new UdpAsker(edge, (byte)(FirstSource + i), answersPings: true)))];
        _thread = new Thread(Run) { IsBackground = true, Name = "load" };
    }

    public SecondCounts Counts { get; } = new();

    public IEnumerable<int> Stored => _stored.Keys;

    public Queue<int>? Wanted { get; init; }

    /// <summary>
    /// If given, FIND_VALUEs ask for so many keys that were stored before, and each STORE stores a new key. These keys are hot.
    /// </summary>
    public int? Held { get; init; }

    public int Second => (int)Stopwatch.GetElapsedTime(_start).TotalSeconds;

    /// <summary>Stores the first <see cref="StoredKeys"/> keys, or those that are held, each until it is acknowledged.</summary>
    public Task FillAsync(CancellationToken cancellationToken) => Parallel.ForEachAsync(
        Enumerable.Range(0, Held ?? StoredKeys),
        new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
        async (i, token) =>
        {
            while (!Record(i, await _calls[i % _calls.Count].StoreAsync(KeyOf(i), DhtValue.FromString($"first {i}")).WithinAsync(Wait)))
            {
                token.ThrowIfCancellationRequested();
            }
        });

    /// <summary>Asks for each key whose STORE was acknowledged. Returns how many there are, and how many no edge has.</summary>
    public async Task<(int Stored, int Missing)> CheckAsync(CancellationToken cancellationToken)
    {
        var missing = 0;
        var keys = _stored.Keys.ToArray();
        await Parallel.ForEachAsync(
            keys,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (key, _) =>
            {
                for (var i = 0; i < _calls.Count; i++)
                {
                    if ((await _calls[(key + i) % _calls.Count].FindValueAsync(KeyOf(key)).WithinAsync(Wait)).Kind != DhtValueKind.None)
                    {
                        return;
                    }
                }

                Interlocked.Increment(ref missing);
            });
        return (keys.Length, missing);
    }

    public void Start()
    {
        _start = Stopwatch.GetTimestamp();
        _thread.Start();
    }

    public async Task StopAsync()
    {
        await EndAsync();
        await Task.Delay(Wait);
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        foreach (var calls in _calls)
        {
            await calls.DisposeAsync();
        }

        _stop.Dispose();
    }

    private async Task EndAsync()
    {
        await _stop.CancelAsync();
        if (_thread.IsAlive)
        {
            _thread.Join();
        }
    }

    private bool Record(int key, bool isStored)
    {
        if (isStored)
        {
            _stored.TryAdd(key, 0);
        }

        return isStored;
    }

    private void Run()
    {
        var sent = new long[CallKinds.All.Count];
        while (!_stop.IsCancellationRequested)
        {
            var now = Stopwatch.GetElapsedTime(_start);
            foreach (var kind in CallKinds.All)
            {
                for (var due = (long)(now.TotalSeconds * _rates.Of(kind)); sent[(int)kind] < due; sent[(int)kind]++)
                {
                    _ = SendAsync(kind, (int)now.TotalSeconds);
                }
            }

            _stop.Token.WaitHandle.WaitOne(Tick);
        }
    }

    private async Task SendAsync(CallKind kind, int second)
    {
        var place = _turn++ % _calls.Count;
        var key = kind switch
        {
            CallKind.FindValue => NextWanted() ?? _random.Next(Held ?? (_random.Next(2) == 0 ? StoredKeys : Keys)),
            CallKind.Store => Held is null ? _random.Next(Keys) : Keys + _turn,
            _ => 0,
        };
        var found = (place % _edges, key);
        var isKnown = kind == CallKind.FindValue && _found.TryGetValue(found, out var foundAt) && Stopwatch.GetElapsedTime(foundAt) < KnownFor;
        Counts.Add(second, kind, new CallCounts { Sent = 1, Known = isKnown ? 1 : 0 });
        var sent = Stopwatch.GetTimestamp();
        var (isAnswered, hasValue) = await CallAsync(kind, _calls[place], key);
        var after = Stopwatch.GetElapsedTime(sent);
        if (!isAnswered || after > Wait)
        {
            return;
        }

        var (soon, value) = (after <= SecondCounts.Soon ? 1 : 0, hasValue ? 1 : 0);
        Counts.Add(second, kind, new CallCounts
        {
            Answered = 1,
            WithValue = value,
            Soon = soon,
            SoonWithValue = soon * value,
            KnownSoon = isKnown ? soon * value : 0,
        });
        Counts.Add(Second, kind, new CallCounts { Arrived = 1 });
        if (hasValue)
        {
            _found[found] = Stopwatch.GetTimestamp();
        }
    }

    private async Task<(bool IsAnswered, bool HasValue)> CallAsync(CallKind kind, UdpAsker calls, int key)
    {
        switch (kind)
        {
            case CallKind.FindValue:
                return (true, (await calls.FindValueAsync(KeyOf(key))).Kind != DhtValueKind.None);

            case CallKind.Store:
                return (Record(key, await calls.StoreAsync(KeyOf(key), DhtValue.FromString($"value {_turn}"))), false);

            default:
                await (kind == CallKind.Ping ? calls.PingAsync() : calls.FindNodeAsync());
                return (true, false);
        }
    }

    private int? NextWanted()
    {
        if (Wanted is null || !Wanted.TryDequeue(out var key))
        {
            return null;
        }

        Wanted.Enqueue(key);
        return key;
    }

    private static NodeId KeyOf(int i) => NodeId.FromKey($"load {i}");
}

/// <summary>Calls a second by kind.</summary>
internal readonly record struct LoadRates(double Values, double Others)
{
    /// <summary>The only kind that is sent; null for all.</summary>
    public CallKind? Only { get; init; }

    public double Of(CallKind kind) => Only is { } only && kind != only ? 0 : kind is CallKind.FindValue or CallKind.Store ? Values : Others;
}
