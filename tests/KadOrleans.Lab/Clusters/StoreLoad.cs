namespace KadOrleans.Lab;

/// <summary>
/// STOREs of ever new keys to one edge, 32 at a time from four addresses, none of them repeated. It remembers every key
/// that was acknowledged, and tells when the edge acknowledges all of them.
/// </summary>
public sealed class StoreLoad : IAsyncDisposable
{
    private const int Sources = 4;
    private const int PerSource = 8;

    // So many for each shard, acknowledged in a row, show that no shard is away. Each key of such a shard would break the row, and a row
    // misses a shard once in nine million.
    private const int PerShard = 16;

    // Each of the workers rests between its STOREs: a load that takes all of the processor delays the starts that it waits for.
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(120);

    private readonly CryptographicRandomSource _random = new();
    private readonly ConcurrentDictionary<NodeId, byte> _acknowledged = new();
    private readonly int _whole;
    private readonly List<UdpAsker> _askers;
    private readonly List<Task> _workers;
    private volatile bool _isStopping;
    private volatile Row? _row;

    public StoreLoad(IPEndPoint edge, int shardBits)
    {
        _whole = PerShard << shardBits;
        _askers = [.. Enumerable.Range(0, Sources).Select(i => new UdpAsker(edge, (byte)(10 + i)))];
        _workers = [.. _askers.SelectMany(asker => Enumerable.Range(0, PerSource).Select(_ => Task.Run(() => WorkAsync(asker))))];
    }

    public ICollection<NodeId> Acknowledged => _acknowledged.Keys;

    public static DhtValue ValueOf(NodeId key) => DhtValue.FromString($"value of {key}");

    /// <summary>Waits until 16 STOREs for each shard are acknowledged in a row, all sent after this call.</summary>
    /// <returns>The time from the call to the first of these acknowledgements.</returns>
    public Task<TimeSpan> WholeAsync()
    {
        var row = new Row(Stopwatch.GetTimestamp(), _whole);
        _row = row;
        return row.Ended.WaitAsync(Longest);
    }

    public Task StopAsync()
    {
        _isStopping = true;
        return Task.WhenAll(_workers);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        foreach (var asker in _askers)
        {
            await asker.DisposeAsync();
        }
    }

    private async Task WorkAsync(UdpAsker asker)
    {
        using var pace = new PeriodicTimer(Rest);
        while (!_isStopping && await pace.WaitForNextTickAsync())
        {
            var key = NodeId.Random(_random);
            var sent = Stopwatch.GetTimestamp();

            // It may be late or lost. Should the acknowledgement come after all, it counts as any other.
            _row?.Note(sent, await StoreAsync(asker, key).WithinAsync(Patience));
        }
    }

    private async Task<bool> StoreAsync(UdpAsker asker, NodeId key) =>
        await asker.StoreAsync(key, ValueOf(key)) && _acknowledged.TryAdd(key, 0);

    /// <summary>Acknowledgements in a row since a moment.</summary>
    private sealed class Row(long since, int whole)
    {
        // Guards the two counts.
        private readonly Lock _gate = new();
        private readonly TaskCompletionSource<TimeSpan> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _length;
        private TimeSpan _first;

        public Task<TimeSpan> Ended => _ended.Task;

        public void Note(long sent, bool isStored)
        {
            lock (_gate)
            {
                if (sent < since)
                {
                    return;
                }

                _length = isStored ? _length + 1 : 0;
                _first = _length == 1 ? Stopwatch.GetElapsedTime(since) : _first;
                if (_length == whole)
                {
                    _ended.TrySetResult(_first);
                }
            }
        }
    }
}

/// <summary>Reads values back from one edge by FIND_VALUE.</summary>
public static class ValueReading
{
    private const int AtOnce = 64;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The keys for which the edge has no value, or another than <see cref="StoreLoad.ValueOf"/>. While a shard is slow to respond, an edge
    /// answers with contacts, and a datagram may be lost. So it is asked again for a minute, unless it answers with another value.
    /// </summary>
    public static async Task<IReadOnlyCollection<NodeId>> MissingAsync(IPEndPoint edge, IEnumerable<NodeId> keys)
    {
        await using var asker = new UdpAsker(edge, 20);
        var wrong = new ConcurrentBag<NodeId>();
        IReadOnlyCollection<NodeId> missing = [.. keys];
        try
        {
            await Eventually.ReadAsync(async () => missing = await AskAsync(asker, missing, wrong), left => left.Count == 0);
        }
        catch (TimeoutException)
        {
            // These are missing.
        }

        return [.. missing, .. wrong];
    }

    private static async Task<IReadOnlyCollection<NodeId>> AskAsync(UdpAsker asker, IEnumerable<NodeId> keys, ConcurrentBag<NodeId> wrong)
    {
        var missing = new ConcurrentBag<NodeId>();
        var together = new ParallelOptions { MaxDegreeOfParallelism = AtOnce };
        await Parallel.ForEachAsync(keys, together, async (key, _) =>
        {
            var value = await asker.FindValueAsync(key).WithinAsync(Patience);
            if (value != StoreLoad.ValueOf(key))
            {
                (value == default ? missing : wrong).Add(key);
            }
        });
        return missing;
    }
}
