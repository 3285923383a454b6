using System.Runtime.CompilerServices;

namespace KadOrleans.Client;

// A client's answer to IDht.WatchAsync. All watches of the process share one request for up to 1,024 keys, which is made again
// and again while somebody watches. While the cluster does not respond, watches wait.
internal sealed class ClusterWatch(Func<DhtWatchRequest, Task<DhtWatchResult>> ask, TimeProvider time, CancellationToken ending)
{
    public const int MaxKeys = 1_024;

    /// <summary>The pause between two requests. With the age of a silo's news a change is reported within a second.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(400);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    // Guards _isRunning.
    private readonly Lock _gate = new();
    private readonly KeyWatches _watches = new(ending);

    // Used by the one loop that runs. The keys that were read, and when what was found ends: a shard has no news of that.
    private readonly Dictionary<NodeId, DateTimeOffset?> _read = [];
    private Dictionary<long, ShardPoint> _known = [];
    private DateTimeOffset _now;
    private bool _isRunning;

    public async IAsyncEnumerable<KeyChange> RunAsync(
        NodeId key, Func<Task<GetResult>> get, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var watch = _watches.Begin(key, cancellationToken);
        var result = await get();
        var value = result.Value;
        var held = result.Lookup is null ? value : null;
        yield return new KeyChange(key, value);
        Begin();
        while (await watch.NextAsync(Timeout.InfiniteTimeSpan, time, cancellationToken) is { } notice)
        {
            // Unchanged in the cluster. The value may be one that only other nodes hold.
            if (notice.Value == held)
            {
                continue;
            }

            held = notice.Value;
            if (held != value)
            {
                value = held;
                yield return new KeyChange(key, value);
            }
        }
    }

    private void Begin()
    {
        lock (_gate)
        {
            if (!_isRunning)
            {
                _isRunning = true;
                _ = Task.Run(RunAsync);
            }
        }
    }

    private bool TryEnd()
    {
        lock (_gate)
        {
            if (_watches.IsEmpty || ending.IsCancellationRequested)
            {
                _read.Clear();
                _known.Clear();
                _isRunning = false;
            }

            return !_isRunning;
        }
    }

    private async Task RunAsync()
    {
        var pauses = new BackOff(Interval, LongestPause);
        while (!TryEnd())
        {
            try
            {
                await ReadAsync();
                pauses = new BackOff(Interval, LongestPause);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // Watches continue when the cluster responds again. A get by this client throws the reason.
                pauses.Next();
            }

            await Task.Delay(pauses.Coming, time, ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReadAsync()
    {
        List<NodeId> keys = [.. _watches.Keys];
        foreach (var key in _read.Keys.Except(keys).ToList())
        {
            _read.Remove(key);
        }

        var (next, now) = (new Dictionary<long, ShardPoint>(), _now);
        foreach (var some in keys.Chunk(MaxKeys))
        {
            var byAge = some.ToLookup(key => _read.TryGetValue(key, out var end) && !(end <= _now));
            var result = await ask(new DhtWatchRequest([.. byAge[true]], [.. byAge[false]], [.. _known.Values.Take(MaxKeys)]));
            foreach (var (key, value, expiresAt) in result.Values)
            {
                _watches.Post(key, KeyNotice.Of(value));
                _read[key] = expiresAt;
            }

            now = result.Now;
            foreach (var point in result.Known)
            {
                next[point.Shard] = next.TryGetValue(point.Shard, out var other) ? Earlier(point, other) : point;
            }
        }

        (_known, _now) = (next, now);
    }

    // Two chunks may have keys of one shard: the changes that one of them lacks must come again.
    private static ShardPoint Earlier(ShardPoint one, ShardPoint other) => one.Generation != other.Generation
        ? new ShardPoint(one.Shard, 0, 0)
        : one.Version < other.Version ? one : other;
}
