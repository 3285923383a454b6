using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Shards;

/// <summary>What a compaction writes into pages: each key once, in order, so that a scan of some keys reads few pages.</summary>
/// <param name="image">The shard.</param>
/// <param name="keepRemovals">Whether pages stay, which removals may concern.</param>
internal sealed class PageContent(StorageImage image, bool keepRemovals)
{
    /// <summary>Fewer bytes are read as quickly with their contents.</summary>
    private const int LeastBytesForKeys = 32 << 10;

    private readonly Dictionary<NodeId, PageEntry> _entries = [];
    private long _bytes;
    private long _keyBytes;

    /// <summary>Whether a record of the keys is much shorter than the page.</summary>
    public bool IsWorthKeys => _bytes >= LeastBytesForKeys && 3 * _keyBytes <= _bytes;

    public void Add(IReadOnlyDictionary<NodeId, StoredValue?> changes)
    {
        foreach (var (key, value) in changes)
        {
            if (value is not null || keepRemovals)
            {
                Add(new PageEntry(key, EntryCodec.Encode([new Entry(key, value)]), value?.Value.ContentLength));
            }
        }
    }

    /// <summary>Adds what is still needed of a page.</summary>
    /// <param name="page">The page.</param>
    /// <param name="entries">Its entries, which this may change.</param>
    /// <param name="isOldest">Whether all pages that stay are newer, so that its removals concern none.</param>
    /// <exception cref="InvalidDataException">The entries are damaged.</exception>
    public void Add(Page page, byte[] entries, bool isOldest)
    {
        for (var position = 0; position < entries.Length;)
        {
            var bytes = entries.AsMemory(position);
            var head = EntryCodec.ReadHead(bytes.Span, hasContent: true);
            position += head.Length;
            var isHeld = image.Shard.TryFind(head.Key, out var held);
            if (_entries.ContainsKey(head.Key))
            {
                continue;
            }

            if (head.IsRemoval && !isHeld && keepRemovals && !isOldest)
            {
                Add(new PageEntry(head.Key, bytes[..head.Length], null));
            }
            else if (!head.IsRemoval && isHeld && ValuePlace.Of(held).Page == page.Number)
            {
                if (held.StoredAt > head.StoredAt)
                {
                    EntryCodec.WriteStoredAt(bytes.Span, held.StoredAt);
                }

                Add(new PageEntry(head.Key, bytes[..head.Length], head.ContentLength));
            }
        }
    }

    /// <summary>The pages.</summary>
    /// <param name="border">A key at which a page begins, so that none has keys on both sides. Null: anywhere.</param>
    public List<IReadOnlyList<PageEntry>> Split(NodeId? border = null)
    {
        var pages = new List<IReadOnlyList<PageEntry>>();
        List<PageEntry>? page = null;
        var bytes = 0;
        PageEntry[] sorted = [.. _entries.Values];
        Array.Sort(sorted, static (one, other) => one.Key.CompareTo(other.Key));
        foreach (var entry in sorted)
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

    private void Add(PageEntry entry)
    {
        _entries.Add(entry.Key, entry);
        _bytes += entry.Bytes.Length;
        _keyBytes += entry.Bytes.Length - (entry.ContentLength ?? 0);
    }
}

internal readonly record struct PageEntry(NodeId Key, ReadOnlyMemory<byte> Bytes, int? ContentLength)
{
    public bool IsRemoval => ContentLength is null;
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
        var encoded = new byte[Entries.Sum(entry => entry.Bytes.Length - (entry.ContentLength ?? 0))];
        var position = 0;
        foreach (var entry in Entries)
        {
            position += EntryCodec.CopyWithoutContent(entry.Bytes.Span, entry.ContentLength, encoded.AsSpan(position));
        }

        return encoded;
    }
}
