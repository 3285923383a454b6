using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.Grains.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace KadOrleans.Grains.Values;

/// <summary>
/// A silo's copy of the shards' news, from which it responds to all edges. A shard is asked only while edges ask, at most each
/// <see cref="MinAge"/>, however many they are. Safe for several threads.
/// </summary>
/// <param name="options">The number of shards.</param>
/// <param name="time">For ages and timeouts.</param>
internal sealed class ShardNewsDesk(
    IOptions<KadClusterOptions> options, [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time)
{
    /// <summary>News of this age are good enough: an edge counts them as that much older.</summary>
    public static readonly TimeSpan MinAge = TimeSpan.FromMilliseconds(300);

    /// <summary>Older ones help no edge.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(1);

    /// <summary>How long a shard is not asked whose filter found no room.</summary>
    private static readonly TimeSpan FullFor = TimeSpan.FromMinutes(1);

    /// <summary>The most bytes of filters in one response. A larger one goes alone.</summary>
    private const long MaxResponse = 1L << 20;

    /// <summary>The most bytes of filters here, enough for 100 million keys.</summary>
    private const long MaxBytes = 256L << 20;

    // Guards the entries and the sum of their filters' sizes.
    private readonly Lock _gate = new();
    private readonly Dictionary<long, Entry> _entries = [];
    private readonly int _maxChanges = KeyHistory.MaxChangesOf(options.Value.ShardBits);
    private long _bytes;

    /// <summary>The news of some shards. It waits for shards that do not respond no longer than a get does.</summary>
    /// <param name="known">What the caller knows of each.</param>
    /// <param name="grainOf">The grain of a shard.</param>
    public async Task<IReadOnlyList<ShardNews>> ReadAsync(IReadOnlyList<ShardPoint> known, Func<long, IKeyShardGrain> grainOf)
    {
        foreach (var point in known)
        {
            if (point.Shard < 0 || point.Shard >> options.Value.ShardBits != 0)
            {
                throw new ArgumentException($"There is no shard {point.Shard}.", nameof(known));
            }
        }

        Task[] asked = [.. known.Select(point => Refresh(point.Shard, grainOf)).Where(task => !task.IsCompleted)];
        if (asked.Length > 0)
        {
            await ((Task)Task.WhenAll(asked).WaitAsync(ShardBatchGrain.ShardTimeout, time))
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        lock (_gate)
        {
            return Read(known);
        }
    }

    private List<ShardNews> Read(IReadOnlyList<ShardPoint> known)
    {
        var news = new List<ShardNews>();
        long bytes = 0;
        foreach (var point in known)
        {
            var entry = _entries[point.Shard];
            var age = time.GetElapsedTime(entry.ConfirmedAt);
            if (entry.History is { } history && age < MaxAge && (bytes == 0 || bytes + history.Bytes <= MaxResponse))
            {
                var read = history.Read(point, age);
                bytes += read.Filter?.Length ?? 0;
                news.Add(read);
            }
        }

        return news;
    }

    /// <summary>Asks a shard, unless its news are fresh, or it is being asked.</summary>
    private Task Refresh(long shard, Func<long, IKeyShardGrain> grainOf)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(shard, out var entry))
            {
                _entries.Add(shard, entry = new Entry());
            }

            if (!entry.Asked.IsCompleted || (entry.FullAt is { } fullAt && time.GetElapsedTime(fullAt) < FullFor)
                || (entry.History is not null && time.GetElapsedTime(entry.ConfirmedAt) < MinAge))
            {
                return entry.Asked;
            }

            var known = new ShardPoint(shard, entry.History?.Generation ?? 0, entry.History?.Version ?? 0);
            var askedAt = time.GetTimestamp();
            return entry.Asked = AskAsync(entry, grainOf(shard).GetNewsAsync(known).AsTask(), askedAt);
        }
    }

    private async Task AskAsync(Entry entry, Task<ShardNews> asked, long askedAt)
    {
        try
        {
            // Another activation of the desk may wait for this too.
            var news = await asked.ConfigureAwait(false);
            lock (_gate)
            {
                Note(entry, news, askedAt);
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Edges see that the news become old, and ask the shard itself, which logs why.
        }
    }

    private void Note(Entry entry, ShardNews news, long askedAt)
    {
        var others = _bytes - (entry.History?.Bytes ?? 0);
        (entry.FullAt, entry.History) = others + (news.Filter?.Length ?? 0) > MaxBytes
            ? (askedAt, null)
            : ((long?)null, KeyHistory.After(entry.History, news, _maxChanges));
        entry.ConfirmedAt = askedAt;
        _bytes = others + (entry.History?.Bytes ?? 0);
    }

    private sealed class Entry
    {
        public Task Asked { get; set; } = Task.CompletedTask;

        public KeyHistory? History { get; set; }

        public long ConfirmedAt { get; set; }

        public long? FullAt { get; set; }
    }
}
