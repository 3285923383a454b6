using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node;
using KadOrleans.Wire;

namespace KadOrleans.Testing.Clusters;

/// <summary>
/// STOREs of ever new keys to one edge, 32 at a time from four addresses, none of them repeated. It remembers every key
/// that was acknowledged, and tells when the edge acknowledges all of them.
/// </summary>
internal sealed class StoreLoad : IAsyncDisposable
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

    /// <param name="edge">Who is asked.</param>
    /// <param name="shardBits">The cluster has 2 to the power of this shards.</param>
    public StoreLoad(IPEndPoint edge, int shardBits)
    {
        _whole = PerShard << shardBits;
        _askers = [.. Enumerable.Range(0, Sources).Select(i => new UdpAsker(edge, (byte)(10 + i)))];
        _workers = [.. _askers.SelectMany(asker => Enumerable.Range(0, PerSource).Select(_ => Task.Run(() => WorkAsync(asker))))];
    }

    /// <summary>The keys whose STORE was answered with true.</summary>
    public ICollection<NodeId> Acknowledged => _acknowledged.Keys;

    /// <summary>What is stored under a key.</summary>
    public static DhtValue ValueOf(NodeId key) => DhtValue.FromString($"value of {key}");

    /// <summary>Waits until 16 STOREs for each shard are acknowledged in a row, all sent after this call.</summary>
    /// <returns>The time from the call to the first of these acknowledgements.</returns>
    /// <exception cref="TimeoutException">It took more than two minutes.</exception>
    public Task<TimeSpan> WholeAsync()
    {
        var row = new Row(Stopwatch.GetTimestamp(), _whole);
        _row = row;
        return row.Ended.WaitAsync(Longest);
    }

    /// <summary>Sends nothing more, and waits for what is under way.</summary>
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
            if (await IsStoredInTimeAsync(asker, key))
            {
                _row?.Add(sent);
            }
            else
            {
                _row?.Break(sent);
            }
        }
    }

    private async Task<bool> IsStoredInTimeAsync(UdpAsker asker, NodeId key)
    {
        try
        {
            return await StoreAsync(asker, key).WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            // It is late or lost; should the acknowledgement come after all, it counts as any other.
            return false;
        }
    }

    private async Task<bool> StoreAsync(UdpAsker asker, NodeId key)
    {
        var body = await asker.Ask((destination, id) =>
        {
            var request = new StoreRequest(NodeId.MaxValue, key, ValueOf(key));
            return RequestWriter.TryWriteStore(destination, id, request, out var length) ? length : 0;
        });
        return ResponseReader.TryReadStored(body, out var stored) && stored && _acknowledged.TryAdd(key, 0);
    }

    /// <summary>Acknowledgements in a row since a moment.</summary>
    private sealed class Row(long since, int whole)
    {
        // Guards the two counts.
        private readonly Lock _gate = new();
        private readonly TaskCompletionSource<TimeSpan> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _length;
        private TimeSpan _first;

        public Task<TimeSpan> Ended => _ended.Task;

        public void Add(long sent)
        {
            lock (_gate)
            {
                if (sent < since)
                {
                    return;
                }

                if (_length++ == 0)
                {
                    _first = Stopwatch.GetElapsedTime(since);
                }

                if (_length == whole)
                {
                    _ended.TrySetResult(_first);
                }
            }
        }

        public void Break(long sent)
        {
            lock (_gate)
            {
                _length = sent < since ? _length : 0;
            }
        }
    }
}
