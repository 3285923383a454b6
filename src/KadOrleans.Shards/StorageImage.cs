using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Shards;

/// <summary>A shard's storage, as memory knows it: an index of all keys, where their values are, and some of the values.</summary>
internal sealed class StorageImage
{
    private readonly Dictionary<int, Page> _byNumber = [];
    private long _bytesSince;

    public StorageImage(StoreQuota quota, ValueCache cache, Manifest manifest, string? manifestETag)
    {
        Values = new KnownValues(cache);
        Shard = new KeyShard(quota, Values);
        Keys = new OrderedKeys(Shard);
        Claimed(manifest, manifestETag);
        NextSequence = manifest.FirstSequence;
        IsSealed = IsSplit;
    }

    /// <summary>The keys of the pages with the changes of the log. The place of each is a <see cref="ValuePlace"/>.</summary>
    public KeyShard Shard { get; }

    public KnownValues Values { get; }

    public OrderedKeys Keys { get; }

    /// <summary>The changes of the keys since the first caller asked for them. Null before.</summary>
    public KeyHistory? History { get; set; }

    public Manifest Manifest { get; private set; } = new();

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
        get => Values.IsOpen;
        set => Values.IsOpen = value && !IsSealed;
    }

    public bool IsSplit => Manifest.Seal != 0;

    public int LogRecords => (int)(NextSequence - Manifest.FirstSequence);

    public long LogBytes { get; private set; }

    public Page? FindPage(int number) => _byNumber.GetValueOrDefault(number);

    /// <summary>Adds the entries of a page, the next after those added before. Call it before the log's records are appended.</summary>
    /// <exception cref="InvalidDataException">The entries are damaged.</exception>
    public void Add(Page page, ReadOnlySpan<byte> entries, bool hasContent)
    {
        Add(page);
        while (!entries.IsEmpty)
        {
            var head = EntryCodec.ReadHead(entries, hasContent);
            page.Entries++;
            CountOut(head.Key);
            if (head.IsRemoval)
            {
                page.Removals++;
                Shard.Remove(head.Key);
            }
            else
            {
                page.Live++;
                Shard.Restore(
                    head.Key, head.Share, head.StoredAt, head.ExpiresAt, ValuePlace.Of(page.Number, head.PublishedAt).ToInt64());
                if (hasContent)
                {
                    Values.Offer(head.Key, EntryCodec.ReadValue(entries, head));
                }
            }

            entries = entries[head.Length..];
        }
    }

    /// <summary>Adds all changes of the log up to a sequence, which another activation knew.</summary>
    public void Append(IReadOnlyList<Entry> changes, int bytes, long nextSequence)
    {
        Append(changes, bytes);
        NextSequence = nextSequence;
    }

    /// <summary>Adds the log record that was read at <see cref="NextSequence"/>.</summary>
    /// <exception cref="InvalidDataException">The record is damaged.</exception>
    public void Append(LogRecord record)
    {
        Append(EntryCodec.Decode(record.Entries), record.Entries.Length);
        IsSealed |= record.IsSeal;
    }

    private void Append(IReadOnlyList<Entry> changes, int bytes)
    {
        Appended(changes, bytes);
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

    /// <summary>Notes the record that was written at <see cref="NextSequence"/>, and which ends the log.</summary>
    public void Seal()
    {
        Appended([], 0);
        IsSealed = true;
    }

    /// <summary>Notes the log record that was written at <see cref="NextSequence"/>, before its changes are made in memory.</summary>
    public void Appended(IReadOnlyList<Entry> changes, int bytes)
    {
        foreach (var (key, value) in changes)
        {
            CountOut(key);
            Values.Note(key, value);
            History?.Note(key);
        }

        LogBytes += bytes;
        _bytesSince += bytes;
        NextSequence++;
    }

    public long PlaceInLog(NodeId key) => ValuePlace.Of(ValuePlace.Log, Values.Recent[key]?.PublishedAt).ToInt64();

    /// <summary>Marks the start of a compaction. Later records are not part of it.</summary>
    /// <returns>The changes that are.</returns>
    public IReadOnlyDictionary<NodeId, StoredValue?> BeginCompaction()
    {
        _bytesSince = 0;
        return Values.BeginCompaction();
    }

    /// <summary>Notes a stored manifest that differs only in its count of compactions.</summary>
    public void Claimed(Manifest manifest, string? etag) => (Manifest, ManifestETag) = (manifest, etag);

    /// <summary>Notes a stored manifest whose pages hold everything up to <see cref="BeginCompaction"/>.</summary>
    public void Compacted(
        Manifest manifest, string? etag, IReadOnlyCollection<Page> retained, IReadOnlyCollection<WrittenPage> written)
    {
        Claimed(manifest, etag);
        var stays = retained.Select(page => page.Number).ToHashSet();
        foreach (var (page, entries) in written)
        {
            page.Entries = entries.Count;
            foreach (var entry in entries)
            {
                page.Removals += entry.IsRemoval ? 1 : 0;
                page.Live += !entry.IsRemoval && TryMove(entry.Key, page.Number, stays) ? 1 : 0;
            }
        }

        Pages.Clear();
        _byNumber.Clear();
        foreach (var page in retained.Concat(written.Select(page => page.Page)))
        {
            Add(page);
        }

        Values.EndCompaction();
        LogBytes = _bytesSince;
    }

    private void Add(Page page)
    {
        Pages.Add(page);
        _byNumber[page.Number] = page;
    }

    // A key that the log changed meanwhile has no value in a page.
    private bool TryMove(NodeId key, int number, HashSet<int> stays)
    {
        if (Values.Recent.ContainsKey(key) || !Shard.TryFind(key, out var held) || stays.Contains(ValuePlace.Of(held).Page))
        {
            return false;
        }

        Shard.Move(key, (ValuePlace.Of(held) with { Page = number }).ToInt64());
        return true;
    }

    // What a page and the cache have of a key is outdated from now on.
    private void CountOut(NodeId key)
    {
        if (Shard.TryFind(key, out var held) && FindPage(ValuePlace.Of(held).Page) is { } page)
        {
            page.Live--;
            Values.Forget(held);
        }
    }
}

internal sealed class Page(int number, long compaction, int bytes)
{
    /// <summary>Pages of this number and above have a record of their keys beside them. No manifest of another release names so many pages.</summary>
    public const int FirstWithKeys = 100_000;

    public int Number => number;

    public long Compaction => compaction;

    public int Bytes => bytes;

    public bool HasKeys => number >= FirstWithKeys;

    public string? ETag { get; set; }

    public string? KeysETag { get; set; }

    public int Entries { get; set; }

    public int Removals { get; set; }

    /// <summary>How many of them have a value that is held.</summary>
    public int Live { get; set; }

    /// <summary>About how many of its bytes nobody needs.</summary>
    public long Garbage => Entries == 0 ? 0 : (long)Bytes * (Entries - Removals - Live) / Entries;
}

internal readonly record struct Entry(NodeId Key, StoredValue? Value);
