using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Grains.Values;

/// <summary>A shard's storage, as memory knows it: an index of all keys, where their values are, and some of the values.</summary>
internal sealed class ShardImage
{
    private readonly Dictionary<int, ShardPage> _bySlot = [];
    private long _bytesSince;

    /// <summary>A shard without keys.</summary>
    public ShardImage(StoreQuota quota, ShardCache cache, ShardManifestState manifest, string? manifestETag)
    {
        Values = new ShardValues(cache);
        Shard = new KeyShard(quota, Values);
        Keys = new ShardKeys(Shard);
        Claimed(manifest, manifestETag);
        NextSequence = manifest.FirstSequence;
        IsSealed = IsSplit;
    }

    /// <summary>The keys of the pages with the changes of the log. The place of each is a <see cref="ShardPlace"/>.</summary>
    public KeyShard Shard { get; }

    /// <summary>Their values, as far as they are in memory.</summary>
    public ShardValues Values { get; }

    /// <summary>The keys in order.</summary>
    public ShardKeys Keys { get; }

    /// <summary>The changes of the keys since the first caller asked for them. Null before.</summary>
    public KeyHistory? History { get; set; }

    /// <summary>The stored manifest.</summary>
    public ShardManifestState Manifest { get; private set; } = new();

    /// <summary>The manifest's ETag. Null if it was never written.</summary>
    public string? ManifestETag { get; private set; }

    /// <summary>The pages that the manifest names, oldest first.</summary>
    public List<ShardPage> Pages { get; } = [];

    /// <summary>The sequence of the next log record.</summary>
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

    /// <summary>Whether the halves of the shard have everything.</summary>
    public bool IsSplit => Manifest.Seal != 0;

    /// <summary>The number of log records that are not in the pages.</summary>
    public int LogRecords => (int)(NextSequence - Manifest.FirstSequence);

    /// <summary>The bytes of their entries.</summary>
    public long LogBytes { get; private set; }

    /// <summary>The page in a slot; null if the manifest names none there.</summary>
    public ShardPage? FindPage(int slot) => _bySlot.GetValueOrDefault(slot);

    /// <summary>Adds the entries of a page, the next after those added before. Call it before the log's records are appended.</summary>
    /// <param name="page">The page, of which nothing is counted yet.</param>
    /// <param name="entries">Its entries.</param>
    /// <param name="hasContent">Whether these have their contents.</param>
    /// <exception cref="InvalidDataException">The entries are damaged.</exception>
    public void Add(ShardPage page, ReadOnlySpan<byte> entries, bool hasContent)
    {
        Add(page);
        while (!entries.IsEmpty)
        {
            var head = ShardEntryCodec.ReadHead(entries, hasContent);
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
                    head.Key, head.Share, head.StoredAt, head.ExpiresAt, ShardPlace.Of(page.Slot, head.PublishedAt).ToInt64());
                if (hasContent)
                {
                    Values.Offer(head.Key, ShardEntryCodec.ReadValue(entries, head));
                }
            }

            entries = entries[head.Length..];
        }
    }

    /// <summary>Adds all changes of the log up to a sequence, which another activation knew.</summary>
    public void Append(IReadOnlyList<ShardChange> changes, int bytes, long nextSequence)
    {
        Append(changes, bytes);
        NextSequence = nextSequence;
    }

    /// <summary>Adds the log record that was read at <see cref="NextSequence"/>.</summary>
    /// <exception cref="InvalidDataException">The record is damaged.</exception>
    public void Append(ShardLogState record)
    {
        Append(ShardEntryCodec.Decode(record.Entries), record.Entries.Length);
        IsSealed |= record.IsSeal;
    }

    private void Append(IReadOnlyList<ShardChange> changes, int bytes)
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
    public void Appended(IReadOnlyList<ShardChange> changes, int bytes)
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

    /// <summary>The place of a key that the log changed last.</summary>
    public long PlaceInLog(NodeId key) => ShardPlace.Of(ShardPlace.Log, Values.Recent[key]?.PublishedAt).ToInt64();

    /// <summary>Marks the start of a compaction. Later records are not part of it.</summary>
    /// <returns>The changes that are.</returns>
    public IReadOnlyDictionary<NodeId, StoredValue?> BeginCompaction()
    {
        _bytesSince = 0;
        return Values.BeginCompaction();
    }

    /// <summary>Notes a stored manifest that differs only in its count of compactions.</summary>
    public void Claimed(ShardManifestState manifest, string? etag) => (Manifest, ManifestETag) = (manifest, etag);

    /// <summary>Notes a stored manifest whose pages hold everything up to <see cref="BeginCompaction"/>.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="etag">Its ETag.</param>
    /// <param name="retained">The pages that stay.</param>
    /// <param name="written">The new ones with their keys, of which nothing is counted yet.</param>
    public void Compacted(
        ShardManifestState manifest, string? etag, IReadOnlyCollection<ShardPage> retained, IReadOnlyCollection<WrittenPage> written)
    {
        Claimed(manifest, etag);
        var stays = retained.Select(page => page.Slot).ToHashSet();
        foreach (var (page, entries) in written)
        {
            page.Entries = entries.Count;
            foreach (var entry in entries)
            {
                page.Removals += entry.IsRemoval ? 1 : 0;
                page.Live += !entry.IsRemoval && TryMove(entry.Key, page.Slot, stays) ? 1 : 0;
            }
        }

        Pages.Clear();
        _bySlot.Clear();
        foreach (var page in retained.Concat(written.Select(page => page.Page)))
        {
            Add(page);
        }

        Values.EndCompaction();
        LogBytes = _bytesSince;
    }

    private void Add(ShardPage page)
    {
        Pages.Add(page);
        _bySlot[page.Slot] = page;
    }

    // A key that the log changed meanwhile has no value in a page.
    private bool TryMove(NodeId key, int slot, HashSet<int> stays)
    {
        if (Values.Recent.ContainsKey(key) || !Shard.TryFind(key, out var held) || stays.Contains(ShardPlace.Of(held).Slot))
        {
            return false;
        }

        Shard.Move(key, (ShardPlace.Of(held) with { Slot = slot }).ToInt64());
        return true;
    }

    // What a page and the cache have of a key is outdated from now on.
    private void CountOut(NodeId key)
    {
        if (Shard.TryFind(key, out var held) && FindPage(ShardPlace.Of(held).Slot) is { } page)
        {
            page.Live--;
            Values.Forget(held);
        }
    }
}

/// <summary>A stored page, as memory knows it.</summary>
/// <param name="slot">Which of the page records it is.</param>
/// <param name="compaction">The compaction that wrote it.</param>
/// <param name="bytes">The length of its entries.</param>
internal sealed class ShardPage(int slot, long compaction, int bytes)
{
    /// <summary>Pages in this slot and above have a record of their keys beside them. No manifest of another release names so many pages.</summary>
    public const int FirstSlotWithKeys = 100_000;

    public int Slot => slot;

    public long Compaction => compaction;

    public int Bytes => bytes;

    /// <summary>Whether its keys may have a record of their own.</summary>
    public bool HasKeys => slot >= FirstSlotWithKeys;

    /// <summary>The ETag of its record, as soon as that was read or written.</summary>
    public string? ETag { get; set; }

    /// <summary>The ETag of the record of its keys, in the same way.</summary>
    public string? KeysETag { get; set; }

    /// <summary>The number of its entries.</summary>
    public int Entries { get; set; }

    /// <summary>How many of them remove a key.</summary>
    public int Removals { get; set; }

    /// <summary>How many of them have a value that is held.</summary>
    public int Live { get; set; }

    /// <summary>About how many of its bytes nobody needs.</summary>
    public long Garbage => Entries == 0 ? 0 : (long)Bytes * (Entries - Removals - Live) / Entries;
}

/// <summary>A change of one key.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">Its new value. Null if it is removed.</param>
internal readonly record struct ShardChange(NodeId Key, StoredValue? Value);
