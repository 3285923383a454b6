namespace KadOrleans.Lab;

/// <summary>
/// A hundred nodes in this process, over real sockets of the loopback. Measures sets and gets per second, several at once. Also measures
/// their duration after a fifth of the nodes has just stopped responding. Values are in memory. Whoever gets a value is chosen among those
/// that do not hold it.
/// </summary>
internal sealed class NetworkBenchmark
{
    private const int Nodes = 100;
    private const int AtOnce = 16;
    private const int Silent = 20;
    private const int ValueLength = 64;

    // Enough that 99 % are meaningful, few enough that the silent nodes are still in the tables.
    private const int AfterSilence = 2_000;

    // Counted, not timed: by then all code is compiled as well as it will be, however busy the machine is.
    private const int WarmUpSets = 10_000;
    private const int WarmUpGets = 50_000;

    private readonly List<(KadNode Node, InMemoryKeyStore Store)> _nodes = [];
    private readonly ConcurrentDictionary<NodeId, DhtValue> _values = new();
    private readonly CryptographicRandomSource _random = new();
    private NodeId[] _keys = [];

    public static Task RunAsync(string[] args) =>
        args.Length <= 1 && int.TryParse(args.FirstOrDefault("5"), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds > 0
            ? new NetworkBenchmark().RunAsync(TimeSpan.FromSeconds(seconds))
            : throw MeasureCommands.WrongUsage("network", args, "network [SECONDS] is needed, with a whole number above 0.");

    private async Task RunAsync(TimeSpan duration)
    {
        Console.WriteLine($"{Nodes} nodes on 127.0.0.1, {AtOnce} operations at once, values of {ValueLength} bytes in memory");
        await BuildAsync();
        await RepeatAsync(WarmUpSets, _ => SetAsync(new Measured("warm-up")));
        await MeasureAsync("sets", duration, SetAsync);
        _keys = [.. _values.Keys];
        await RepeatAsync(WarmUpGets, _ => GetAsync(new Measured("warm-up")));
        await MeasureAsync("gets", duration, GetAsync);
        await SilenceAsync();
        await Task.WhenAll(_nodes.Select(node => node.Node.DisposeAsync().AsTask()));
    }

    private async Task BuildAsync()
    {
        while (_nodes.Count < Nodes)
        {
            _nodes.Add(await StartAsync());
        }

        await Task.WhenAll(_nodes.Select(node => node.Node.FindNodeAsync(node.Node.Id)));
        Console.WriteLine($"tables: {_nodes.Min(n => n.Node.RoutingTable.Count)} to {_nodes.Max(n => n.Node.RoutingTable.Count)} contacts");
    }

    // Options as by default, and all that it holds in memory.
    private async Task<(KadNode Node, InMemoryKeyStore Store)> StartAsync()
    {
        var (options, store) = (new KadNodeOptions(), new InMemoryKeyStore(new StoreQuota()));
        foreach (var (first, _) in _nodes.Take(1))
        {
            options.Bootstrap.Add($"{first.LocalEndpoints[0]}");
        }

        var node = new KadNode(options, UdpTransport.Bind(UdpEndpoint.Parse("127.0.0.1:0")), store, new InMemoryNodeStateStore());
        await node.StartAsync();
        await node.JoinAsync();
        return (node, store);
    }

    private static async Task MeasureAsync(string name, TimeSpan duration, Func<Measured, Task> operation)
    {
        var measured = new Measured(name);
        var (startedAt, cpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        await AtOnceAsync(async () =>
        {
            while (Stopwatch.GetElapsedTime(startedAt) < duration)
            {
                await operation(measured);
            }
        });
        Console.WriteLine(measured.Describe(Stopwatch.GetElapsedTime(startedAt), Environment.CpuUsage.TotalTime - cpu));
    }

    /// <summary>Sets and gets in turns, so that both meet tables that know nothing yet.</summary>
    private async Task SilenceAsync()
    {
        await Task.WhenAll(_nodes[^Silent..].Select(node => node.Node.DisposeAsync().AsTask()));
        _nodes.RemoveRange(Nodes - Silent, Silent);
        var (sets, gets) = (new Measured($"sets after {Silent} fell silent"), new Measured($"gets after {Silent} fell silent"));
        var startedAt = Stopwatch.GetTimestamp();
        await RepeatAsync(AfterSilence, number => number % 2 == 0 ? SetAsync(sets) : GetAsync(gets));
        var elapsed = Stopwatch.GetElapsedTime(startedAt);
        Console.WriteLine(sets.Describe(elapsed, TimeSpan.Zero));
        Console.WriteLine(gets.Describe(elapsed, TimeSpan.Zero));
    }

    private static Task RepeatAsync(int times, Func<int, Task> operation)
    {
        var begun = 0;
        return AtOnceAsync(async () =>
        {
            for (var number = Interlocked.Increment(ref begun); number <= times; number = Interlocked.Increment(ref begun))
            {
                await operation(number);
            }
        });
    }

    private static Task AtOnceAsync(Func<Task> work) => Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => Task.Run(work)));

    private async Task SetAsync(Measured measured)
    {
        var key = NodeId.Random(_random);
        var content = new byte[ValueLength];
        Random.Shared.NextBytes(content);
        var value = DhtValue.FromBytes(content);
        var node = _nodes[Random.Shared.Next(_nodes.Count)].Node;
        var startedAt = Stopwatch.GetTimestamp();
        var result = await node.SetAsync(key, value);
        measured.Add(Stopwatch.GetElapsedTime(startedAt), result.Succeeded, wasLocal: false, result.Lookup?.Asked ?? 0);
        _values[key] = value;
    }

    private async Task GetAsync(Measured measured)
    {
        var key = _keys[Random.Shared.Next(_keys.Length)];
        var asker = _nodes[Random.Shared.Next(_nodes.Count)];
        while (await asker.Store.GetAsync(key, TimeProvider.System.GetUtcNow()) is not null)
        {
            asker = _nodes[Random.Shared.Next(_nodes.Count)];
        }

        var startedAt = Stopwatch.GetTimestamp();
        var result = await asker.Node.GetAsync(key);
        measured.Add(Stopwatch.GetElapsedTime(startedAt), result.Value == _values[key], result.Lookup is null, result.Lookup?.Asked ?? 0);
    }
}

/// <summary>What came of many operations of one kind. Safe for several threads.</summary>
internal sealed class Measured(string name)
{
    private readonly ConcurrentBag<(TimeSpan Latency, bool Succeeded, bool WasLocal, int Requests)> _all = [];

    public void Add(TimeSpan latency, bool succeeded, bool wasLocal, int requests) => _all.Add((latency, succeeded, wasLocal, requests));

    public string Describe(TimeSpan elapsed, TimeSpan cpu)
    {
        var spread = Distribution.Of(_all.Select(one => one.Latency.TotalMilliseconds));
        var count = Math.Max(_all.Count, 1);
        var used = cpu == TimeSpan.Zero ? string.Empty : $", {cpu / elapsed:0.0} cores, {cpu.TotalMicroseconds / count:0} µs of CPU each";
        return $"{name}: {_all.Count} in {elapsed.TotalSeconds:0.0} s, {_all.Count / elapsed.TotalSeconds:0}/s; p50 {spread.P50:0.00} ms, p99 {spread.P99:0.00} ms, max {spread.Max:0.00} ms; {_all.Count(one => !one.Succeeded)} failed, {_all.Count(one => one.WasLocal)} from the asker's own store, {_all.Sum(one => (double)one.Requests) / count:0.0} nodes asked by a lookup{used}";
    }
}
