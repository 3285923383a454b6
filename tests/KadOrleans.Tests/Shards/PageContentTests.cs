using KadOrleans.Shards;

namespace KadOrleans.Tests.Shards;

public sealed class PageContentTests
{
    [Fact]
    public void A_key_is_in_the_pages_once_in_order_with_its_last_change() => Randomized.ForSeeds(200, random =>
    {
        NodeId[] keys = [.. Enumerable.Range(0, 40).Select(_ => random.NextId())];
        var image = new StorageImage(StoreQuota.Unlimited, new ValueCache(0), new Manifest(), null);
        var last = new SortedDictionary<NodeId, StoredValue?>();
        var pages = new List<(Page Page, byte[] Entries)>();
        for (var i = 0; i < random.Next(5); i++)
        {
            // Of some page the keys are in no order, which no release has written.
            var changes = Change();
            var entries = EntryCodec.Encode(i == 0 ? changes : [.. changes.OrderBy(change => change.Key)]);
            pages.Add((new Page(i, i + 1, entries.Length), entries));
            image.Add(pages[^1].Page, entries, hasContent: true, []);
        }

        image.Replay(new LogRecord { Sequence = 1, Entries = EntryCodec.Encode(Change()) });

        var content = new PageContent(image, keepRemovals: true);
        content.Add(image.BeginCompaction());
        pages.ForEach(one => content.Add(one.Page, one.Entries, isOldest: false));
        var written = content.Split().SelectMany(page => page).SelectMany(entry => EntryCodec.Decode(entry.Bytes.Span));

        Assert.Equal(last.Select(change => new Entry(change.Key, change.Value)), written);

        Entry[] Change()
        {
            Entry[] changes =
                [.. keys.Where(_ => random.Next(2) == 0).Select(key => new Entry(key, random.Next(3) == 0 ? null : random.NextStored()))];
            Array.ForEach(changes, change => last[change.Key] = change.Value);
            return changes;
        }
    });
}
