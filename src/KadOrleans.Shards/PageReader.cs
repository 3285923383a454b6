namespace KadOrleans.Shards;

// Reads values that only pages have. A page that several calls want is read once for all. A compaction may move a value while its
// page is read; then it is looked up again.
internal sealed class PageReader(IRecordStorage storage, ValueCache cache, RecordLog log)
{
    /// <summary>Each try follows a compaction; five during one read are not expected.</summary>
    private const int MaxTries = 5;

    private const int MaxPages = 16;

    private readonly Dictionary<Page, Task<byte[]?>> _reading = [];

    // The values that are held of some keys, alive or not, in their order; null if there is none. If keeps is true the cache takes
    // them. IOException: too many reads wait, or the shard changed during each try. InvalidDataException: a page is damaged.
    public async Task<StoredValue?[]> ReadAsync(IReadOnlyList<NodeId> keys, bool keeps, Func<Task> reload)
    {
        var values = new StoredValue?[keys.Count];
        List<int> missing = [.. Enumerable.Range(0, keys.Count)];
        for (var tries = 0; tries < MaxTries; tries++)
        {
            missing.RemoveAll(i => log.Image.TryFind(keys[i], out values[i]));
            if (missing.Count == 0)
            {
                return values;
            }

            var image = log.Image;
            var left = new List<int>();
            var isReplaced = false;
            foreach (var pages in missing.GroupBy(i => PageOf(image, keys[i])).ToList().Chunk(MaxPages))
            {
                var contents = await Task.WhenAll(pages.Select(group => ReadOnceAsync(group.Key)));
                foreach (var (group, entries) in pages.Zip(contents))
                {
                    isReplaced |= entries is null && log.Image == image && image.FindPage(group.Key.Number) == group.Key;
                    var found = entries is null || log.Image != image
                        ? []
                        : Find(image, group.Key, entries, [.. group.Select(i => keys[i])], keeps);
                    left.AddRange(group.Where(i => !found.TryGetValue(keys[i], out values[i])));
                }
            }

            missing = left;
            if (isReplaced)
            {
                await reload();
            }
        }

        throw new IOException("A key shard changed each time that a value was read.");
    }

    private static Page PageOf(StorageImage image, NodeId key) =>
        image.Shard.TryFind(key, out var held) && image.FindPage(ValuePlace.Of(held).Page) is { } page
            ? page
            : throw new InvalidOperationException($"{key} has no page.");

    // Leaves out the keys whose values are no longer in the page.
    private static Dictionary<NodeId, StoredValue> Find(StorageImage image, Page page, byte[] entries, HashSet<NodeId> wanted, bool keeps)
    {
        var found = new Dictionary<NodeId, StoredValue>();
        wanted.RemoveWhere(key => !IsThere(key, out _));
        for (var rest = (ReadOnlySpan<byte>)entries; !rest.IsEmpty;)
        {
            var entry = EntryCodec.Take(ref rest);
            var key = entry.Key;
            if (wanted.Remove(key) && IsThere(key, out var held))
            {
                var value = Read(entry, held);
                found.Add(key, value);
                if (keeps)
                {
                    image.Keep(key, value);
                }
            }
            else if (keeps && image.HasRoomFor(key) && IsThere(key, out held) && !found.ContainsKey(key))
            {
                image.Offer(key, Read(entry, held));
            }
        }

        return wanted.Count == 0
            ? found
            : throw new InvalidDataException($"{RecordNames.Page(page.Number)} lacks {wanted.Count} keys that it should have.");

        // Its number may be of another page by now.
        bool IsThere(NodeId key, out HeldKey held) =>
            image.Shard.TryFind(key, out held) && image.FindPage(ValuePlace.Of(held).Page) == page;
    }

    // Storage need not have the time of the last STORE.
    private static StoredValue Read(EncodedEntry entry, in HeldKey held)
    {
        var value = entry.ReadValue();
        return value.StoredAt < held.StoredAt ? value with { StoredAt = held.StoredAt } : value;
    }

    private Task<byte[]?> ReadOnceAsync(Page page)
    {
        if (!_reading.TryGetValue(page, out var read))
        {
            read = ReadAsync(page);
            if (!read.IsCompleted)
            {
                _reading.Add(page, read);
            }
        }

        return read;
    }

    private async Task<byte[]?> ReadAsync(Page page)
    {
        try
        {
            ShardMetrics.PageRead();
            using var permit = await cache.PageReads.AcquireAsync();
            var (record, _) = await storage.ReadAsync<PageRecord>(RecordNames.Page(page.Number));
            return record?.Compaction == page.Compaction ? record.Entries : null;
        }
        finally
        {
            _reading.Remove(page);
        }
    }
}
