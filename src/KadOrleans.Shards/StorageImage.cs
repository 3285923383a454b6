namespace KadOrleans.Shards;

// A shard's storage, as memory knows it: an index of all keys, where their values are, and some of the values. Those of the log
// are here, as no page has them yet. The silo's cache has some of all.
internal sealed class StorageImage : IShardValues
{
    private readonly ValueCache _cache;
    private readonly CacheOwner _owner = new();
    private readonly Dictionary<int, Page> _byNumber = [];

    // Values by the log's records; null for removed keys. First those that a running compaction does not move into pages.
    private Dictionary<NodeId, StoredValue?> _recent = [];
    private Dictionary<NodeId, StoredValue?> _compacting = [];

    // Values that the current decision needs, whatever the cache does.
    private readonly Dictionary<NodeId, StoredValue> _pinned = [];

    private long _bytesSince;

    public StorageImage(StoreQuota quota, ValueCache cache, Manifest manifest, string? manifestETag)
    {
        _cache = cache;
        Shard = new KeyShard(quota, this);
        Keys = new OrderedKeys(Shard);
        (Manifest, ManifestETag) = (manifest, manifestETag);
        NextSequence = manifest.FirstSequence;
        Shard.Accounts.Versions.See(manifest.LastVersion);
        Owner = manifest.Owner;
        IsSealed = IsSplit;
    }

    /// <summary>The keys of the pages with the changes of the log. The place of each is a <see cref="ValuePlace"/>.</summary>
    public KeyShard Shard { get; }

    public OrderedKeys Keys { get; }

    /// <summary>The changes of the keys since the first caller asked for them. Null before.</summary>
    public KeyHistory? History { get; set; }

    public Manifest Manifest { get; private set; }

    /// <summary>The manifest's ETag. Null if it was never written.</summary>
    public string? ManifestETag { get; private set; }

    /// <summary>The pages that the manifest names, oldest first.</summary>
    public List<Page> Pages { get; } = [];

    public long NextSequence { get; private set; }

    /// <summary>Whether the log has ended, as the shard is being split. Nothing is written or compacted any more.</summary>
    public bool IsSealed
    {
        get;
        private set
        {
            field = value;
            IsOpen &= !value;
        }
    }

    /// <summary>Whether the silo may answer from its cache of the values: the shard is active here, and its log has not ended.</summary>
    public bool IsOpen
    {
        get => _owner.IsOpen;
        set => _owner.IsOpen = value && !IsSealed;
    }

    /// <summary>The changes by the log, but for those that <see cref="BeginCompaction"/> set aside.</summary>
    public IReadOnlyDictionary<NodeId, StoredValue?> Recent => _recent;

    public bool IsSplit => Manifest.Seal != 0;

    /// <summary>Whether times of STOREs have moved in memory alone since this was set to false.</summary>
    public bool HasMoved { get; set; }

    /// <summary>The highest version that was given to a value.</summary>
    public long LastVersion => Shard.Accounts.Versions.Last;

    /// <summary>The activation that wrote the last record.</summary>
    public long Owner { get; private set; }

    public int LogRecords => (int)(NextSequence - Manifest.FirstSequence);

    public long LogBytes { get; private set; }

    public Page? FindPage(int number) => _byNumber.GetValueOrDefault(number);

    /// <summary>Adds the entries of a page, the next after those added before. Call it before the log's records are replayed.</summary>
    /// <param name="page">The page.</param>
    /// <param name="entries">Its entries, with contents or without.</param>
    /// <param name="hasContent">Whether they have them.</param>
    /// <param name="owners">Whose items they are if they have not, as <see cref="OwnerCodec"/> has it.</param>
    public void Add(Page page, ReadOnlySpan<byte> entries, bool hasContent, ReadOnlySpan<byte> owners)
    {
        Add(page);
        while (!entries.IsEmpty)
        {
            var entry = EntryCodec.Take(ref entries, hasContent);
            var (key, owner) = (entry.Key, hasContent ? entry.Owner : OwnerCodec.Take(ref owners, page.Entries));
            page.Entries++;
            MarkOutdated(key);
            if (entry.IsRemoval)
            {
                page.Removals++;
                Shard.Remove(key);
            }
            else
            {
                page.Live++;
                var head = entry.ReadHead();
                Shard.Restore(key, head.ShareOf(owner), head.StoredAt, head.ExpiresAt, ValuePlace.Of(page.Number, head.PublishedAt).ToInt64());
                if (hasContent)
                {
                    Offer(key, entry.ReadValue(head));
                }
            }
        }

        if (!hasContent && !owners.IsEmpty)
        {
            throw EntryCodec.Damaged();
        }
    }

    public void Replay(MovedLog moved)
    {
        var changes = EntryCodec.Decode(moved.Changes);
        RecordWritten(changes, moved.Changes.Length);
        Restore(changes);
        NextSequence = moved.NextSequence;
    }

    public void Replay(LogRecord record)
    {
        Shard.Accounts.Versions.See(record.LastVersion);
        var changes = EntryCodec.Decode(record.Entries);
        RecordWritten(record, changes);
        Restore(changes);
    }

    private void Restore(IReadOnlyList<Entry> changes)
    {
        foreach (var (key, value) in changes)
        {
            if (value is null)
            {
                Shard.Remove(key);
            }
            else
            {
                Shard.Restore(key, StoreShare.Of(value), value.StoredAt, value.ExpiresAt, PlaceInLog(key));
            }
        }
    }

    public MovedLog Save()
    {
        Entry[] changes = [.. _recent.Select(change => new Entry(change.Key, change.Value))];
        return new MovedLog(Manifest with { LastVersion = LastVersion, Owner = Owner }, ManifestETag, NextSequence, EntryCodec.Encode(changes));
    }

    /// <summary>Records the log record that was written at <see cref="NextSequence"/>, before its changes are made in memory.</summary>
    public void RecordWritten(LogRecord record, IReadOnlyList<Entry> changes)
    {
        Owner = record.Owner;
        RecordWritten(changes, record.Entries.Length);
        IsSealed |= record.IsSeal;
    }

    private void RecordWritten(IReadOnlyList<Entry> changes, int bytes)
    {
        foreach (var (key, value) in changes)
        {
            MarkOutdated(key);
            _recent[key] = value;
            if (value is null)
            {
                _cache.Remove(key);
            }
            else
            {
                Keep(key, value);
            }

            History?.Record(key);
        }

        LogBytes += bytes;
        _bytesSince += bytes;
        NextSequence++;
    }

    public long PlaceInLog(NodeId key) => ValuePlace.Of(ValuePlace.Log, _recent[key]?.PublishedAt).ToInt64();

    public void Keep(NodeId key, StoredValue value) => _cache.Put(_owner, key, value);

    public void Offer(NodeId key, StoredValue value) => _cache.Offer(_owner, key, value);

    public bool HasRoomFor(NodeId key) => _cache.HasRoomFor(key);

    /// <summary>The value that is held of a key, alive or not. False if it has to be read first.</summary>
    public bool TryFind(NodeId key, out StoredValue? value)
    {
        var isHeld = Shard.TryFind(key, out var held);
        value = isHeld ? Peek(held) : null;
        return value is not null || !isHeld;
    }

    public void Pin(NodeId key, StoredValue value) => _pinned[key] = value;

    public void Unpin() => _pinned.Clear();

    public StoredValue? Read(in HeldKey key) =>
        Peek(key) ?? throw new InvalidOperationException($"The value of {key.Key} has to be read from its page first.");

    public StoredValue? Peek(in HeldKey key) => ValuePlace.Of(key).Page == ValuePlace.Log
        ? _recent.TryGetValue(key.Key, out var value) ? value : _compacting.GetValueOrDefault(key.Key)
        : _pinned.TryGetValue(key.Key, out var pinned) ? pinned
        : _cache.TryGet(_owner, key.Key, out var kept) ? kept
        : null;

    public void Hold(in HeldKey key, StoredValue value)
    {
        _pinned.Remove(key.Key);
        var place = ValuePlace.Of(key);
        if (place.Page == ValuePlace.Log)
        {
            var changes = _recent.ContainsKey(key.Key) || !_compacting.ContainsKey(key.Key) ? _recent : _compacting;
            if (changes.TryGetValue(key.Key, out var noted) && ReferenceEquals(noted, value))
            {
                return;
            }

            changes[key.Key] = value;
        }

        // What is written has a new place, so only its time has moved.
        Shard.Move(key, (place with { IsMoved = true }).ToInt64());
        HasMoved = true;
        Keep(key.Key, value);
    }

    /// <summary>The values whose times have moved in memory alone, as of the last STOREs.</summary>
    public IEnumerable<HeldKey> FindMoved() => Shard.Enumerate().Where(static held => ValuePlace.Of(held).IsMoved);

    /// <summary>Takes times that were noted beside log and pages: each value's, if that is later than what it has, up to the latest.</summary>
    public void Raise(IReadOnlyDictionary<ValueName, DateTimeOffset> times, DateTimeOffset latest)
    {
        foreach (var (held, time) in MovedTimes.Find(Shard, times, latest))
        {
            // Storage may have it from a log that was moved along, or not.
            Shard.Move(held, (ValuePlace.Of(held) with { IsMoved = true }).ToInt64());
            if (held.StoredAt != time)
            {
                Shard.Touch(held, time);
                if (Peek(held) is { } value)
                {
                    Hold(held, value with { StoredAt = time });
                }
            }
        }

        HasMoved = false;
    }

    public void Forget(in HeldKey key)
    {
        _pinned.Remove(key.Key);
        _cache.Remove(key.Key);
    }

    /// <summary>Marks the start of a compaction, and returns its changes. Later records are not part of it.</summary>
    public IReadOnlyDictionary<NodeId, StoredValue?> BeginCompaction()
    {
        _bytesSince = 0;

        // Those of a compaction that failed.
        foreach (var (key, value) in _compacting)
        {
            _recent.TryAdd(key, value);
        }

        (_compacting, _recent) = (_recent, []);
        return _compacting;
    }

    /// <summary>Writes a manifest that has the same log records and pages, or none if both halves have them.</summary>
    /// <exception cref="StorageConflictException">Another activation replaced the manifest: the image is out of date.</exception>
    public async Task WriteManifestAsync(IRecordStorage storage, Manifest manifest) =>
        (ManifestETag, Manifest) = (await storage.WriteAsync([new(RecordNames.Manifest, manifest, ManifestETag)])[0], manifest);

    /// <summary>Records a stored manifest whose pages hold everything up to <see cref="BeginCompaction"/>.</summary>
    public void Compacted(
        Manifest manifest, string? etag, IReadOnlyCollection<Page> retained, IReadOnlyCollection<WrittenPage> written)
    {
        (Manifest, ManifestETag) = (manifest, etag);
        var stays = retained.Select(page => page.Number).ToHashSet();
        foreach (var (page, entries) in written)
        {
            page.Entries = entries.Count;
            foreach (var entry in entries)
            {
                page.Removals += entry.IsRemoval ? 1 : 0;
                page.Live += !entry.IsRemoval && TryMove(entry, page.Number, stays) ? 1 : 0;
            }
        }

        Pages.Clear();
        _byNumber.Clear();
        foreach (var page in retained.Concat(written.Select(page => page.Page)))
        {
            Add(page);
        }

        // The cache still has those that it had room for.
        _compacting = [];
        LogBytes = _bytesSince;
    }

    private void Add(Page page)
    {
        Pages.Add(page);
        _byNumber[page.Number] = page;
    }

    // A key that the log changed meanwhile has no value in a page. The page has the time that memory had when it was made.
    private bool TryMove(in PageEntry entry, int number, HashSet<int> stays)
    {
        if (_recent.ContainsKey(entry.Key) || !Shard.TryFind(entry.Key, out var held) || stays.Contains(ValuePlace.Of(held).Page))
        {
            return false;
        }

        var place = ValuePlace.Of(held);
        var isMoved = place.IsMoved && entry.ReadStoredAt() < held.StoredAt;
        Shard.Move(held, (place with { Page = number, IsMoved = isMoved }).ToInt64());
        return true;
    }

    private void MarkOutdated(NodeId key)
    {
        if (Shard.TryFind(key, out var held) && FindPage(ValuePlace.Of(held).Page) is { } page)
        {
            page.Live--;
            Forget(held);
        }
    }
}

// Where a shard has a value: in the page with a number, or in the Log if no page has it yet. A page has a key once, so its number is
// enough. Minutes: when the cluster published it last, in minutes from the year 1; 0 if it did not. IsMoved: whether log and pages have an
// earlier time of its last STORE. HeldKey.Place has all: a bit, 36 bits of minutes and 20 bits of the page.
internal readonly record struct ValuePlace(int Page, long Minutes, bool IsMoved = false)
{
    /// <summary>The value is in the log, and in memory.</summary>
    public const int Log = -1;

    public const int MaxPage = (1 << PageBits) - 2;

    private const int PageBits = 20;
    private const int MinuteBits = 36;
    private const long Moved = 1L << (PageBits + MinuteBits);

    public bool IsPublished => Minutes != 0;

    /// <summary>When the cluster published it last, up to a minute early; null if it did not.</summary>
    public DateTimeOffset? PublishedAt => IsPublished ? new DateTimeOffset(Minutes * TimeSpan.TicksPerMinute, TimeSpan.Zero) : null;

    public static ValuePlace Of(int page, DateTimeOffset? publishedAt) =>
        new(page, publishedAt is { } time ? Math.Max(1, time.UtcTicks / TimeSpan.TicksPerMinute) : 0);

    public static ValuePlace Of(in HeldKey held) => new(
        (int)(held.Place & ((1 << PageBits) - 1)) - 1, (held.Place >> PageBits) & ((1L << MinuteBits) - 1), (held.Place & Moved) != 0);

    public long ToInt64() => (IsMoved ? Moved : 0) | (Minutes << PageBits) | (uint)(Page + 1);
}
