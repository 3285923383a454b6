using System.Buffers.Binary;
using System.Globalization;
using KadOrleans.Core.Items;

namespace KadOrleans.Shards;

internal interface IRecordStorage
{
    // Reads a record. One that was never written has neither content nor ETag. T: one of LogRecord, Manifest, PageRecord,
    // PageKeysRecord and TimesRecord. InvalidOperationException: another build wrote it.
    Task<StoredRecord<T>> ReadAsync<T>(string name)
        where T : class;

    // Writes records of different names. Each replaces the record with its ETag, or is the first one if the ETag is null. Each
    // has an outcome of its own, in the order of the writes: its new ETag, or why it failed. So some may be written and others
    // not. StorageConflictException: storage has another record. Other failures: whether the record was written is unknown.
    IReadOnlyList<Task<string?>> WriteAsync(IReadOnlyList<RecordWrite> writes);
}

/// <summary>A record to be written, of a type that <see cref="IRecordStorage.ReadAsync"/> names, and the ETag of the one that it replaces.</summary>
internal readonly record struct RecordWrite(string Name, object Content, string? ETag);

/// <summary>A stored record, and the ETag that the next write must name.</summary>
internal readonly record struct StoredRecord<T>(T? Content, string? ETag)
    where T : class;

/// <summary>Storage has another record than the one to be replaced: another activation wrote it.</summary>
internal sealed class StorageConflictException(string message, Exception? innerException = null) : Exception(message, innerException);

internal static class RecordNames
{
    public const string Manifest = "kad-shard-manifest";

    public const string Times = "kad-shard-times";

    public static string Log(int slot) => string.Create(CultureInfo.InvariantCulture, $"kad-shard-log-{slot:d3}");

    public static string Page(int number) => string.Create(CultureInfo.InvariantCulture, $"kad-shard-page-{number:d6}");

    public static string PageKeys(int number) => string.Create(CultureInfo.InvariantCulture, $"kad-shard-keys-{number:d6}");
}

/// <summary>The manifest of a shard's storage: its pages, and where the log after them begins.</summary>
internal sealed record Manifest
{
    /// <summary>The number of compactions begun. Each start changes the ETag, and so ends every other compaction.</summary>
    public long Compaction { get; init; }

    public long FirstSequence { get; init; } = 1;

    /// <summary>Oldest first. A later page overrides earlier ones.</summary>
    public IReadOnlyList<PageReference> Pages { get; init; } = [];

    // The sequence of the seal, if the shard is split and both halves have everything. Then nothing above counts any more, but is
    // still to be emptied. 0 if it is not split.
    public long Seal { get; init; }
}

internal readonly record struct PageReference(int Number, long Compaction);

/// <summary>A page of values. It never changes while a manifest names it.</summary>
internal sealed record PageRecord
{
    /// <summary>The compaction that wrote it. 0 for an emptied page.</summary>
    public long Compaction { get; init; }

    /// <summary>Changes as <see cref="EntryCodec"/> has them.</summary>
    public byte[] Entries { get; init; } = [];
}

// The changes of a page without their contents: what an activation needs of it.
internal sealed record PageKeysRecord
{
    /// <summary>The compaction that wrote the page. 0 for an emptied one. If it is not the page's, this record says nothing of the page.</summary>
    public long Compaction { get; init; }

    public int PageBytes { get; init; }

    /// <summary>Changes without contents, as <see cref="EntryCodec"/> has them.</summary>
    public byte[] Entries { get; init; } = [];

    /// <summary>Whose items some of them are, as <see cref="OwnerCodec"/> has it: the contents would tell.</summary>
    public byte[] Owners { get; init; } = [];
}

// When values were stored last that came again unchanged: such a STORE writes no log. It is no part of what the shard holds, and may be
// missing or old.
internal sealed record TimesRecord
{
    /// <summary>When it was written, in minutes since the year 1.</summary>
    public long Minutes { get; init; }

    /// <summary>Entries as <see cref="MovedTimes"/> has them.</summary>
    public byte[] Entries { get; init; } = [];
}

internal sealed record LogRecord
{
    /// <summary>Its sequence in the log, from 1. The record 256 later overwrites it.</summary>
    public long Sequence { get; init; }

    /// <summary>A random number for each attempt to write, which identifies its record to a later reader.</summary>
    public long Attempt { get; init; }

    /// <summary>Whether the changes are in the pages, and no longer here.</summary>
    public bool IsCompacted { get; init; }

    public byte[] Entries { get; init; } = [];

    /// <summary>Whether it ends the log: the shard is being split. It has no changes.</summary>
    public bool IsSeal { get; init; }
}

internal sealed class Page(int number, long compaction, int bytes)
{
    /// <summary>Pages of this number and above have a record of their keys beside them; those below have none.</summary>
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

// What a shard takes along when its activation migrates: the changes of its log. The next activation reads only the keys of pages
// and the end of the log. It is what the ended activation knew, and no proof of what storage has.
internal sealed record MovedLog(Manifest Manifest, string? ManifestETag, long NextSequence, byte[] Changes)
{
    /// <summary>The most bytes of changes. Shards of a silo that stops move together in one message.</summary>
    public const int MaxBytes = 256 * 1024;
}

// Encodes changes as the bytes of a stored record, so every provider's serializer has one array to write. A change is one byte of
// type (0: removed) and 20 bytes of key. A value follows: its times in UTC ticks and its source (8 bytes each), the length of its
// content (4) and the content. The type's highest bit marks a value that the cluster published: the time of its last publication
// (8 bytes) then ends the change. The next bits are StoredValue.IsFar, SourceNetwork.IsProven, StoredValue.IsAuthored and
// StoredValue.IsKept. Numbers are big-endian. Type and content are those of ValueContent. A page's record of keys has the same
// changes without their contents, and beside them whose items they are (OwnerCodec).
internal static class EntryCodec
{
    public const int RemovalLength = 1 + NodeId.Length;

    public const int PutOverhead = RemovalLength + (4 * sizeof(long)) + sizeof(int);

    private const int PublishedLength = sizeof(long);
    private const byte Published = 0x80;
    private const byte Far = 0x40;
    private const byte Proven = 0x20;
    private const byte Authored = 0x10;
    private const byte Kept = 0x08;
    private const byte Marks = Published | Far | Proven | Authored | Kept;
    private const byte Removed = 0;

    public static int LengthOf(StoredValue? value) => value is null
        ? RemovalLength
        : PutOverhead + value.Value.ContentLength + (value.PublishedAt is null ? 0 : PublishedLength);

    /// <summary>The most bytes of a change to a value that counts as much; of a removal if it is null.</summary>
    public static int MaxLengthOf(StoreShare? share) => share is { } counted
        ? PutOverhead + PublishedLength + counted.Footprint - StoredValue.FixedFootprint
        : RemovalLength;

    public static byte[] Encode(IReadOnlyCollection<Entry> changes)
    {
        var encoded = new byte[changes.Sum(change => LengthOf(change.Value))];
        var position = 0;
        foreach (var change in changes)
        {
            position += Write(encoded.AsSpan(position), change);
        }

        return encoded;
    }

    /// <summary>Damaged bytes throw <see cref="InvalidDataException"/>, here and below.</summary>
    public static List<Entry> Decode(ReadOnlySpan<byte> encoded)
    {
        var changes = new List<Entry>();
        while (!encoded.IsEmpty)
        {
            var head = ReadHead(encoded, hasContent: true);
            changes.Add(new Entry(head.Key, head.IsRemoval ? null : ReadValue(encoded, head)));
            encoded = encoded[head.Length..];
        }

        return changes;
    }

    /// <summary>Decodes what the first change says, but for its content, which it may be stored without.</summary>
    public static EntryHead ReadHead(ReadOnlySpan<byte> encoded, bool hasContent)
    {
        if (encoded.Length < RemovalLength)
        {
            throw Damaged();
        }

        var key = new NodeId(encoded.Slice(1, NodeId.Length));
        if (encoded[0] == Removed)
        {
            return new EntryHead(key, IsRemoval: true, RemovalLength);
        }

        var isPublished = (encoded[0] & Published) != 0;
        var overhead = PutOverhead + (isPublished ? PublishedLength : 0);
        var rest = encoded[RemovalLength..];
        if (encoded.Length < overhead
            || BinaryPrimitives.ReadInt32BigEndian(rest[32..]) is var size
                && (size is < 0 or > StoreRules.MaxContentLength || (hasContent && size > encoded.Length - overhead)))
        {
            throw Damaged();
        }

        return new EntryHead(
            key,
            IsRemoval: false,
            Length: overhead + (hasContent ? size : 0),
            ContentLength: size,
            StoredAt: ReadTime(rest),
            ExpiresAt: ReadTime(rest[8..]),
            PublishedAt: isPublished ? ReadTime(rest[(36 + (hasContent ? size : 0))..]) : null,
            Source: new SourceNetwork(BinaryPrimitives.ReadUInt64BigEndian(rest[16..]), BinaryPrimitives.ReadUInt64BigEndian(rest[24..]))
                .WithProof((encoded[0] & Proven) != 0),
            IsFar: (encoded[0] & Far) != 0,
            IsAuthored: (encoded[0] & Authored) != 0,
            IsKept: (encoded[0] & Kept) != 0,
            Owner: hasContent ? ReadOwner(encoded, size) : null);
    }

    /// <summary>Whose item the first change stores, by its content.</summary>
    public static ItemOwner? ReadOwner(ReadOnlySpan<byte> encoded, int contentLength) =>
        (ContentType)(encoded[0] & ~Marks) == ContentType.Bytes ? ItemOwner.OfContent(encoded.Slice(PutOverhead, contentLength)) : null;

    /// <summary>Decodes the value of the first change, whose head was read.</summary>
    public static StoredValue ReadValue(ReadOnlySpan<byte> encoded, in EntryHead head) =>
        ValueContent.TryRead((ContentType)(encoded[0] & ~Marks), encoded.Slice(PutOverhead, head.ContentLength), out var value)
            ? new StoredValue(value, head.StoredAt, head.ExpiresAt, head.Source)
            {
                PublishedAt = head.PublishedAt,
                IsFar = head.IsFar,
                IsAuthored = head.IsAuthored,
                IsKept = head.IsKept,
            }
            : throw Damaged();

    public static void WriteStoredAt(Span<byte> encoded, DateTimeOffset time) =>
        BinaryPrimitives.WriteInt64BigEndian(encoded[RemovalLength..], time.UtcTicks);

    /// <summary>Copies a change without its content, whose length is null for a removal. Returns the length of the copy.</summary>
    public static int CopyWithoutContent(ReadOnlySpan<byte> encoded, int? contentLength, Span<byte> target)
    {
        var before = contentLength is null ? RemovalLength : PutOverhead;
        var after = encoded[(before + (contentLength ?? 0))..];
        encoded[..before].CopyTo(target);
        after.CopyTo(target[before..]);
        return before + after.Length;
    }

    private static int Write(Span<byte> target, Entry change)
    {
        change.Key.CopyTo(target[1..]);
        if (change.Value is not { } stored)
        {
            target[0] = Removed;
            return RemovalLength;
        }

        var rest = target[RemovalLength..];
        WriteStoredAt(target, stored.StoredAt);
        BinaryPrimitives.WriteInt64BigEndian(rest[8..], stored.ExpiresAt.UtcTicks);
        BinaryPrimitives.WriteUInt64BigEndian(rest[16..], stored.Source.Address.High);
        BinaryPrimitives.WriteUInt64BigEndian(rest[24..], stored.Source.Address.Low);
        BinaryPrimitives.WriteInt32BigEndian(rest[32..], stored.Value.ContentLength);
        target[0] = (byte)((byte)ValueContent.Write(stored.Value, rest[36..])
            | (stored.IsFar ? Far : 0)
            | (stored.Source.IsProven ? Proven : 0)
            | (stored.IsAuthored ? Authored : 0)
            | (stored.IsKept ? Kept : 0));
        if (stored.PublishedAt is { } publishedAt)
        {
            target[0] |= Published;
            BinaryPrimitives.WriteInt64BigEndian(rest[(36 + stored.Value.ContentLength)..], publishedAt.UtcTicks);
        }

        return LengthOf(stored);
    }

    internal static InvalidDataException Damaged() => new("A stored record of a key shard is damaged.");

    private static DateTimeOffset ReadTime(ReadOnlySpan<byte> bytes)
    {
        var ticks = BinaryPrimitives.ReadInt64BigEndian(bytes);
        return ticks >= DateTimeOffset.MinValue.Ticks && ticks <= DateTimeOffset.MaxValue.Ticks
            ? new DateTimeOffset(ticks, TimeSpan.Zero)
            : throw Damaged();
    }
}

// What a stored change says, but for its content. A removal has only a key and its length. The content's length is known whether
// the record has the content or not.
internal readonly record struct EntryHead(
    NodeId Key,
    bool IsRemoval,
    int Length,
    int ContentLength = 0,
    DateTimeOffset StoredAt = default,
    DateTimeOffset ExpiresAt = default,
    DateTimeOffset? PublishedAt = null,
    SourceNetwork Source = default,
    bool IsFar = false,
    bool IsAuthored = false,
    bool IsKept = false,
    ItemOwner? Owner = null)
{
    public StoreShare Share =>
        StoreShare.Of(Source, ContentLength + StoredValue.FixedFootprint, PublishedAt is not null, IsKept, IsFar, Owner);
}

// Whose items the entries of a page are, for a record of its keys, which has no contents: of each mutable item its place among the entries (4
// bytes, big-endian), in order, and the owner's public key (32 bytes).
internal static class OwnerCodec
{
    private const int Length = sizeof(int) + Item.PublicKeyLength;

    public static byte[] Encode(IReadOnlyList<PageEntry> entries)
    {
        var owned = entries.Index().Select(entry => (entry.Index, Owner: entry.Item.ReadOwner())).Where(entry => entry.Owner is not null).ToList();
        var encoded = new byte[owned.Count * Length];
        foreach (var (i, (place, owner)) in owned.Index())
        {
            BinaryPrimitives.WriteInt32BigEndian(encoded.AsSpan(i * Length), place);
            owner!.CopyTo(encoded.AsSpan((i * Length) + sizeof(int)));
        }

        return encoded;
    }

    /// <summary>The owner of the entry at a place, which is behind those that were asked for before. Takes him from the rest.</summary>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public static ItemOwner? Take(ref ReadOnlySpan<byte> rest, int place)
    {
        if (rest.IsEmpty)
        {
            return null;
        }

        if (rest.Length < Length || BinaryPrimitives.ReadInt32BigEndian(rest) is var next && next < place)
        {
            throw EntryCodec.Damaged();
        }

        if (next > place)
        {
            return null;
        }

        var owner = new ItemOwner(rest[sizeof(int)..]);
        rest = rest[Length..];
        return owner;
    }
}
