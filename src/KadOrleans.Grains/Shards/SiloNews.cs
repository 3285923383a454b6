namespace KadOrleans.Grains;

// A silo's copy of the shards' news, from which it responds to all edges. A shard is asked only while edges ask, at most each
// MinAge, however many they are. Shards of one silo are asked with one call to it: most calls of an idle cluster would be these.
// Safe for several threads.
internal sealed class SiloNews(
    ClusterShards shards, AskSilo askSilo, [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time)
{
    /// <summary>News up to this age are sent without asking the shard: an edge takes the age into account.</summary>
    public static readonly TimeSpan MinAge = TimeSpan.FromMilliseconds(300);

    /// <summary>News beyond this age are not sent.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(1);

    /// <summary>How long a shard is not asked whose filter found no room, or which was split.</summary>
    private static readonly TimeSpan FullFor = TimeSpan.FromMinutes(1);

    /// <summary>The most bytes of filters in one response. To edges a larger one goes alone.</summary>
    public const long MaxResponse = 1L << 20;

    /// <summary>The most bytes of filters here, enough for 100 million keys.</summary>
    private const long MaxBytes = 256L << 20;

    // Guards the fields below.
    private readonly Lock _gate = new();
    private readonly Dictionary<long, Entry> _entries = [];
    private int _bits = shards.Layout.Bits;

    // The sum of the filters' sizes.
    private long _bytes;

    /// <inheritdoc cref="KeyHistory.Read(long, long)"/>
    public static ShardNews Read(KeyHistory history, ShardPoint known, TimeSpan age)
    {
        var news = history.Read(known.Generation, known.Version);
        return new ShardNews(known.Shard, news.Generation, news.Version, news.Changed, news.Filter, age);
    }

    // The news of some shards. It waits for shards that do not respond no longer than a get does. Shards that were split are left out.
    public async Task<IReadOnlyList<ShardNews>> ReadAsync(IReadOnlyList<ShardPoint> known, Func<long, IKeyShardGrain> grainOf)
    {
        var layout = shards.Layout;

        // An edge may know of a doubling before this silo.
        List<ShardPoint> wanted = [.. known.Where(point =>
            (layout.Find(point.Shard)?.Bits ?? throw new ArgumentException($"There is no {GrainKeys.ShardName(point.Shard)}.", nameof(known))) >= layout.Bits)];
        ForgetSplit(layout);
        Task[] asked = [.. Refresh(wanted, grainOf).Where(task => !task.IsCompleted)];
        if (asked.Length > 0)
        {
            await ShardCall.WaitAsync(Task.WhenAll(asked), time);
        }

        lock (_gate)
        {
            return Read(wanted);
        }
    }

    private void ForgetSplit(ShardLayout layout)
    {
        lock (_gate)
        {
            if (_bits != layout.Bits)
            {
                _bits = layout.Bits;
                foreach (var shard in _entries.Keys.Where(shard => layout.Find(shard)?.Bits < layout.Bits).ToList())
                {
                    _entries.Remove(shard, out var entry);
                    _bytes -= entry!.History?.Bytes ?? 0;
                    entry.History = null;
                }
            }
        }
    }

    private List<ShardNews> Read(IReadOnlyList<ShardPoint> known)
    {
        var news = new List<ShardNews>();
        long bytes = 0;
        foreach (var point in known)
        {
            // A shard may have been split while this call waited.
            if (_entries.TryGetValue(point.Shard, out var entry) && entry.History is { } history
                && time.GetElapsedTime(entry.ConfirmedAt) is var age && age < MaxAge
                && (bytes == 0 || bytes + history.Bytes <= MaxResponse))
            {
                var read = Read(history, point, age) with { Silo = entry.Place.Silo, Desk = entry.Place.Desk };
                bytes += read.Filter?.Length ?? 0;
                news.Add(read);
            }
        }

        return news;
    }

    /// <summary>Asks the shards that are not being asked, and whose news are not fresh. Returns all that are being asked.</summary>
    private HashSet<Task> Refresh(IReadOnlyList<ShardPoint> known, Func<long, IKeyShardGrain> grainOf)
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            var entries = known.Select(point => EntryOf(point.Shard)).Distinct().ToList();
            foreach (var some in entries.Where(entry => IsDue(entry, now)).ToLookup(entry => entry.IsAnswered ? entry.Place.Silo : null))
            {
                // A shard whose news do not come may have moved: next time it is asked itself.
                var all = some.ToList();
                all.ForEach(entry => entry.IsAnswered = false);
                var asked = some.Key is { } silo ? AskAsync(all, askSilo(silo, [.. all.Select(entry => entry.Point)]), now) : null;
                all.ForEach(entry => entry.Asked =
                    asked ?? AskAsync([entry], AskShardAsync(grainOf(entry.Shard), entry.Point), now, isShard: true));
            }

            return [.. entries.Select(entry => entry.Asked)];
        }
    }

    private Entry EntryOf(long shard) => _entries.TryGetValue(shard, out var entry) ? entry : _entries[shard] = new Entry(shard);

    private bool IsDue(Entry entry, long now) => entry.Asked.IsCompleted
        && !(entry.FullAt is { } fullAt && time.GetElapsedTime(fullAt, now) < FullFor)
        && !(entry.History is not null && time.GetElapsedTime(entry.ConfirmedAt, now) < MinAge);

    private static async Task<IReadOnlyList<ShardNews>> AskShardAsync(IKeyShardGrain shard, ShardPoint known) =>
        await shard.GetNewsAsync(known).ConfigureAwait(false) is { } news ? [news] : [];

    private async Task AskAsync(IReadOnlyList<Entry> entries, Task<IReadOnlyList<ShardNews>> asked, long askedAt, bool isShard = false)
    {
        try
        {
            var all = await asked.ConfigureAwait(false);
            lock (_gate)
            {
                // A shard that was split has no news. One that is missing from a silo's response may have moved.
                foreach (var entry in entries)
                {
                    var news = all.FirstOrDefault(one => one.Shard == entry.Shard);
                    if (news is not null || isShard)
                    {
                        Record(entry, news, askedAt);
                    }
                }
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Edges see that the news become old, and ask the shard itself, which logs why.
        }
    }

    private void Record(Entry entry, ShardNews? news, long askedAt)
    {
        if (_entries.GetValueOrDefault(entry.Shard) != entry)
        {
            // Forgotten meanwhile.
            return;
        }

        var others = _bytes - (entry.History?.Bytes ?? 0);
        (entry.FullAt, entry.History) = news is null || others + (news.Filter?.Length ?? 0) > MaxBytes
            ? (askedAt, null)
            : ((long?)null, KeyHistory.After(
                entry.History, new KeyNews(news.Generation, news.Version, news.Changed, news.Filter), KeyHistory.MaxChangesOf(_bits)));
        (entry.ConfirmedAt, entry.Place, entry.IsAnswered) = (askedAt, (news?.Silo, news?.Desk), true);
        _bytes = others + (entry.History?.Bytes ?? 0);
    }

    private sealed class Entry(long shard)
    {
        public long Shard => shard;

        public ShardPoint Point => new(shard, History?.Generation ?? 0, History?.Version ?? 0);

        /// <summary>Where the shard was when it was asked last.</summary>
        public (SiloAddress? Silo, GrainId? Desk) Place { get; set; }

        /// <summary>Whether the last call was answered; else the shard may be elsewhere by now.</summary>
        public bool IsAnswered { get; set; }

        public Task Asked { get; set; } = Task.CompletedTask;

        public KeyHistory? History { get; set; }

        public long ConfirmedAt { get; set; }

        public long? FullAt { get; set; }
    }
}

internal delegate Task<IReadOnlyList<ShardNews>> AskSilo(SiloAddress silo, IReadOnlyList<ShardPoint> known);
