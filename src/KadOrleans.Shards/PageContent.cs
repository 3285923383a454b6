using KadOrleans.Core.Items;

namespace KadOrleans.Shards;

// What a compaction writes into pages: each key once, in order, so that a scan of some keys reads few pages. Removals are kept while
// pages stay that may have their keys.
internal sealed class PageContent(StorageImage image, bool keepRemovals)
{
    /// <summary>Fewer bytes are read as quickly with their contents.</summary>
    private const int LeastBytesForKeys = 32 << 10;

    // Sorted entries: first those of the log, then those of each page. Of the same key the first one counts. They are merged, not gathered
    // in a table: that and its sorted copy would be large objects, which bring on collections of all generations.
    private readonly List<List<PageEntry>> _runs = [];
    private long _bytes;
    private long _keyBytes;

    /// <summary>Whether a record of the keys is much shorter than the page.</summary>
    public bool IsWorthKeys => _bytes >= LeastBytesForKeys && 3 * _keyBytes <= _bytes;

    public void Add(IReadOnlyDictionary<NodeId, StoredValue?> changes)
    {
        var run = new List<PageEntry>(changes.Count);
        foreach (var (key, value) in changes)
        {
            if (value is not null || keepRemovals)
            {
                run.Add(new PageEntry(key, EntryCodec.Encode([new Entry(key, value)]), value?.Value.ContentLength));
            }
        }

        Add(run);
    }

    /// <summary>Adds what is still needed of a page, whose entries this may change. Removals in the oldest concern no page that stays.</summary>
    public void Add(Page page, byte[] entries, bool isOldest)
    {
        var run = new List<PageEntry>(page.Live);
        for (var position = 0; position < entries.Length;)
        {
            var rest = (ReadOnlySpan<byte>)entries.AsSpan(position);
            var entry = EntryCodec.Take(ref rest);
            var (key, bytes) = (entry.Key, entries.AsMemory(position, entry.Bytes.Length));
            position += bytes.Length;
            var isHeld = image.Shard.TryFind(key, out var held);
            if (entry.IsRemoval && !isHeld && keepRemovals && !isOldest)
            {
                run.Add(new PageEntry(key, bytes, null));
            }
            else if (!entry.IsRemoval && isHeld && ValuePlace.Of(held).Page == page.Number)
            {
                var head = entry.ReadHead();
                if (held.StoredAt > head.StoredAt)
                {
                    EntryCodec.WriteStoredAt(bytes.Span, held.StoredAt);
                }

                run.Add(new PageEntry(key, bytes, head.ContentLength));
            }
        }

        Add(run);
    }

    /// <summary>The pages. None has keys on both sides of the border.</summary>
    public List<IReadOnlyList<PageEntry>> Split(NodeId? border = null)
    {
        var pages = new List<IReadOnlyList<PageEntry>>();
        List<PageEntry>? page = null;
        var bytes = 0;
        foreach (var entry in Merge())
        {
            if (page is null || bytes + entry.Bytes.Length > CompactionPlan.MaxPageBytes || (page[^1].Key < border && entry.Key >= border))
            {
                pages.Add(page = []);
                bytes = 0;
            }

            page.Add(entry);
            bytes += entry.Bytes.Length;
        }

        return pages;
    }

    private void Add(List<PageEntry> run)
    {
        var isSorted = true;
        for (var i = 0; i < run.Count; i++)
        {
            isSorted &= i == 0 || run[i - 1].Key < run[i].Key;
            _bytes += run[i].Bytes.Length;
            _keyBytes += run[i].Bytes.Length - (run[i].ContentLength ?? 0);
        }

        if (!isSorted)
        {
            run.Sort(static (one, other) => one.Key.CompareTo(other.Key));
        }

        if (run.Count > 0)
        {
            _runs.Add(run);
        }
    }

    private IEnumerable<PageEntry> Merge()
    {
        var next = new PriorityQueue<int, (NodeId Key, int Run)>(_runs.Select((run, i) => (i, (run[0].Key, i))));
        var positions = new int[_runs.Count];
        NodeId? last = null;
        while (next.TryPeek(out var i, out _))
        {
            var entry = _runs[i][positions[i]];
            if (++positions[i] < _runs[i].Count)
            {
                next.DequeueEnqueue(i, (_runs[i][positions[i]].Key, i));
            }
            else
            {
                next.Dequeue();
            }

            if (entry.Key != last)
            {
                yield return entry;
                last = entry.Key;
            }
        }
    }
}

internal readonly record struct PageEntry(NodeId Key, ReadOnlyMemory<byte> Bytes, int? ContentLength)
{
    public bool IsRemoval => ContentLength is null;

    /// <summary>Whose item the value is; null of a removal, and of a value without an owner.</summary>
    public ItemOwner? ReadOwner() => IsRemoval ? null : Decode().Owner;

    /// <summary>When the value was stored, as the page has it.</summary>
    public DateTimeOffset ReadStoredAt() => Decode().ReadHead().StoredAt;

    /// <summary>The entry but for its content.</summary>
    public ReadOnlySpan<byte> BytesWithoutContent => Bytes.Span[..^(ContentLength ?? 0)];

    private EncodedEntry Decode()
    {
        var bytes = Bytes.Span;
        return EntryCodec.Take(ref bytes);
    }
}

internal sealed record WrittenPage(Page Page, IReadOnlyList<PageEntry> Entries)
{
    public byte[] Encode()
    {
        var encoded = new byte[Page.Bytes];
        var position = 0;
        foreach (var entry in Entries)
        {
            entry.Bytes.CopyTo(encoded.AsMemory(position));
            position += entry.Bytes.Length;
        }

        return encoded;
    }

    public byte[] EncodeKeys()
    {
        var encoded = new byte[Entries.Sum(entry => entry.BytesWithoutContent.Length)];
        var position = 0;
        foreach (var entry in Entries)
        {
            entry.BytesWithoutContent.CopyTo(encoded.AsSpan(position));
            position += entry.BytesWithoutContent.Length;
        }

        return encoded;
    }

    public byte[] EncodeOwners() => OwnerCodec.Encode(Entries);
}
