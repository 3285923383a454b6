using KadOrleans.Core.Items;
using KadOrleans.Shards;
using static KadOrleans.Lab.InvariantException;

namespace KadOrleans.Lab;

/// <summary>
/// What storage has of values: segments of a node's file with what salvage makes of damaged ones, and log records, pages and times of shards. Every
/// reader gets every input, behind a checksum as if that were right.
/// </summary>
internal sealed class RecordTarget : IFuzzTarget
{
    private const long SegmentNumber = 7;

    private readonly ValueCache _cache = new(1 << 20);

    public bool Run(ReadOnlySpan<byte> input) => RunSegment(input) | RunLog(input) | RunPage(input) | RunPageKeys(input) | RunTimes(input);

    private static bool RunSegment(ReadOnlySpan<byte> input)
    {
        SegmentCodec.TryOpen(input, SegmentNumber, out _);
        byte[] segment = [.. new byte[SegmentCodec.HeaderLength], .. input];
        SegmentCodec.Seal(segment, SegmentNumber);
        Require(SegmentCodec.TryOpen(segment, SegmentNumber, out var records) && records.SequenceEqual(input), "a sealed segment is not opened");
        var isRead = false;
        while (EntryCodec.TryTake(ref records, out var record))
        {
            isRead |= record.IsRemoval || IsWrittenTheSame(record);
        }

        // Nothing is held, so each key that follows another record is hidden.
        var lost = new LostRecords();
        var hidden = lost.Add(SegmentNumber, segment, static _ => false);
        Require(input.Length < EntryCodec.RemovalLength || hidden.Count > 0, "salvage finds no key");
        Require(lost.Keys.All(key => hidden.Contains(key)), "salvage reports a key that it does not hide");
        Require(hidden.All(lost.Resembles), "a hidden key does not resemble itself");
        return isRead;
    }

    private static bool IsWrittenTheSame(EncodedEntry record)
    {
        var isHead = record.HasValidContent & record.TryReadHead(out var head);
        var isValue = record.TryReadValue(out var value);
        Require(isHead == isValue, "the head of a record and its value are not judged alike");
        if (!isValue)
        {
            return false;
        }

        Require(
            head.StoredAt == value.StoredAt && head.ExpiresAt == value.ExpiresAt && head.ShareOf(record.Owner) == StoreShare.Of(value),
            "the head of a record says something else than its value");
        var written = new byte[EntryCodec.LengthOf(value)];
        Require(EntryCodec.Write(written, record.Key, value) == written.Length, "a record has another length than it is said to");
        Require(value.Value.Kind == DhtValueKind.Float || record.Bytes.SequenceEqual(written), "a record is written in other bytes than it was read from");
        return true;
    }

    private bool RunLog(ReadOnlySpan<byte> input)
    {
        if (TryDecode(input) is not { } changes)
        {
            return false;
        }

        var encoded = EntryCodec.Encode(changes);
        Require(
            TryDecode(encoded)?.SequenceEqual(changes) == true && EntryCodec.Encode(TryDecode(encoded)!).AsSpan().SequenceEqual(encoded),
            "written changes are read as others");
        var image = NewImage();
        image.Replay(new LogRecord { Sequence = 1, Attempt = 1, Entries = input.ToArray() });
        image.Shard.EndLoad();
        RequireHeld(image, Latest(changes));
        return changes.Count > 0;
    }

    private bool RunPage(ReadOnlySpan<byte> input)
    {
        if (Load(input, hasContent: true, []) is not var (image, page))
        {
            return false;
        }

        var changes = TryDecode(input);
        Require(changes is not null, "a page is read, and its changes are damaged");
        Require(page.Entries == changes!.Count && page.Removals == changes.Count(change => change.Value is null), "a page has other changes than it counts");
        RequireHeld(image, Latest(changes));
        RequireCompacted(image, page, input);
        return changes.Count > 0;
    }

    // A page's record of its keys: the first byte says how many owners follow the changes.
    private bool RunPageKeys(ReadOnlySpan<byte> input)
    {
        var ownersLength = input.IsEmpty ? 0 : input[0] * (sizeof(int) + Item.PublicKeyLength);
        if (input.Length <= ownersLength)
        {
            return false;
        }

        var owners = input.Slice(1, ownersLength);
        var entries = input[(1 + ownersLength)..];
        return Load(entries, hasContent: false, owners) is var (image, _) && image.Shard.Count > 0;
    }

    private (StorageImage Image, Page Page)? Load(ReadOnlySpan<byte> entries, bool hasContent, ReadOnlySpan<byte> owners)
    {
        var (image, page) = (NewImage(), new Page(Page.FirstWithKeys, 1, entries.Length));
        try
        {
            image.Add(page, entries, hasContent, owners);
            image.Shard.EndLoad();
        }
        catch (InvalidDataException)
        {
            return null;
        }

        Require(image.Shard.Count == image.Shard.Accounts.Keys && image.Shard.Bytes >= 0, "a shard's accounts do not agree with its keys");
        return (image, page);
    }

    // A compaction writes each key that is held once, in order.
    private static void RequireCompacted(StorageImage image, Page page, ReadOnlySpan<byte> input)
    {
        var content = new PageContent(image, keepRemovals: false);
        content.Add(page, input.ToArray(), isOldest: true);
        var entries = content.Split().SelectMany(entries => entries).ToList();
        Require(entries.Select(entry => entry.Key).SequenceEqual(entries.Select(entry => entry.Key).Distinct().Order()), "a compacted page is out of order");
        Require(entries.Count == image.Shard.Count, "a compaction loses keys or makes some up");
    }

    private static void RequireHeld(StorageImage image, Dictionary<NodeId, StoredValue?> latest)
    {
        var held = latest.Where(change => change.Value is not null).ToList();
        Require(image.Shard.Count == held.Count, "a shard holds other keys than its changes leave");
        foreach (var (key, value) in held)
        {
            Require(image.Shard.TryFind(key, out var found), "a key is not held");
            Require(image.Peek(found) is not { } peeked || peeked == value, "a key is held with another value");
        }
    }

    private static Dictionary<NodeId, StoredValue?> Latest(IEnumerable<Entry> changes)
    {
        var latest = new Dictionary<NodeId, StoredValue?>();
        foreach (var (key, value) in changes)
        {
            latest[key] = value;
        }

        return latest;
    }

    private static bool RunTimes(ReadOnlySpan<byte> input)
    {
        var minutes = MovedTimes.MinutesOf(ManualTimeProvider.Epoch);
        var times = new Dictionary<ValueName, DateTimeOffset>();
        if (!MovedTimes.TryDecode(input, minutes, times))
        {
            return false;
        }

        var encoded = MovedTimes.Encode([.. times.Select(time => (time.Key, MovedTimes.MinutesOf(time.Value)))], minutes);
        var again = new Dictionary<ValueName, DateTimeOffset>();
        Require(MovedTimes.TryDecode(encoded, minutes, again), "written times are refused");
        Require(again.Count == times.Count && times.All(time => again[time.Key] == time.Value), "written times are read as others");
        return times.Count > 0;
    }

    private static List<Entry>? TryDecode(ReadOnlySpan<byte> encoded)
    {
        try
        {
            return EntryCodec.Decode(encoded);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private StorageImage NewImage()
    {
        var image = new StorageImage(new StoreQuota(), _cache, new Manifest(), null);
        image.Shard.BeginLoad(0);
        return image;
    }
}
