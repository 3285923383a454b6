namespace KadOrleans.Lab;

/// <summary>
/// STOREs of ever new keys to one edge, 32 at a time from four addresses, none of them repeated. It remembers every key
/// that was acknowledged, and tells when the edge acknowledges all of them.
/// </summary>
public sealed class StoreLoad : IAsyncDisposable
{
    private const int Sources = 4;
    private const int PerSource = 8;

    // So many of one shard, acknowledged in a row, show that it is there: each key of a shard that is away breaks its row. Rows of shards
    // are apart, so that a datagram lost on a busy machine costs one of them its row, not all.
    private const int PerShard = 16;

    // Each of the workers rests between its STOREs: a load that takes all of the processor delays the starts that it waits for.
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(120);

    private readonly CryptographicRandomSource _random = new();
    private readonly ConcurrentDictionary<NodeId, byte> _acknowledged = new();
    private readonly int _shardBits;
    private readonly List<UdpAsker> _askers;
    private readonly List<Task> _workers;
    private volatile bool _isStopping;
    private volatile Rows? _rows;

    public StoreLoad(IPEndPoint edge, int shardBits)
    {
        _shardBits = shardBits;
        _askers = [.. Enumerable.Range(0, Sources).Select(i => new UdpAsker(edge, (byte)(10 + i)))];
        _workers = [.. _askers.SelectMany(asker => Enumerable.Range(0, PerSource).Select(_ => Task.Run(() => WorkAsync(asker))))];
    }

    public ICollection<NodeId> Acknowledged => _acknowledged.Keys;

    public static DhtValue ValueOf(NodeId key) => DhtValue.FromString($"value of {key}");

    /// <summary>Waits until of each shard 16 STOREs are acknowledged in a row, all sent after this call.</summary>
    /// <returns>The time from the call until the last shard's row began.</returns>
    public async Task<TimeSpan> WholeAsync()
    {
        var rows = new Rows(Stopwatch.GetTimestamp(), _shardBits);
        _rows = rows;
        try
        {
            return await rows.Ended.WaitAsync(Longest);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"No {PerShard} STOREs in a row within {Longest} in the shards {string.Join(", ", rows.FindOpen())}", e);
        }
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
            _rows?.Record(key, sent, await StoreAsync(asker, key).WithinAsync(Patience));
        }
    }

    private async Task<bool> StoreAsync(UdpAsker asker, NodeId key) =>
        await asker.StoreAsync(key, ValueOf(key)) && _acknowledged.TryAdd(key, 0);

    /// <summary>Acknowledgements in a row since a moment, of each shard.</summary>
    private sealed class Rows(long since, int shardBits)
    {
        // Guards what follows.
        private readonly Lock _gate = new();
        private readonly int[] _lengths = new int[1 << shardBits];
        private readonly TimeSpan[] _firsts = new TimeSpan[1 << shardBits];
        private readonly TaskCompletionSource<TimeSpan> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<TimeSpan> Ended => _ended.Task;

        public void Record(NodeId key, long sent, bool isStored)
        {
            lock (_gate)
            {
                var shard = BinaryPrimitives.ReadUInt16BigEndian(key.ToByteArray()) >> (16 - shardBits);
                if (sent < since || _lengths[shard] == PerShard)
                {
                    return;
                }

                _lengths[shard] = isStored ? _lengths[shard] + 1 : 0;
                _firsts[shard] = _lengths[shard] == 1 ? Stopwatch.GetElapsedTime(since) : _firsts[shard];
                if (Array.TrueForAll(_lengths, static length => length == PerShard))
                {
                    _ended.TrySetResult(_firsts.Max());
                }
            }
        }

        public IReadOnlyList<int> FindOpen()
        {
            lock (_gate)
            {
                return [.. Enumerable.Range(0, _lengths.Length).Where(shard => _lengths[shard] < PerShard)];
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
