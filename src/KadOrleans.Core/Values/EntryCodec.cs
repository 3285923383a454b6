using KadOrleans.Core.Items;

namespace KadOrleans.Core.Values;

/// <summary>What a key holds after a change; null: nothing.</summary>
internal readonly record struct Entry(NodeId Key, StoredValue? Value);

// Changes of keys in storage, one behind the other: each has its key (20 bytes) and what the key then holds, as StoredValueCodec has it, or a zero
// byte if it holds nothing: a removal. Contents come last, so an index of many changes may have them without.
internal static class EntryCodec
{
    /// <summary>The bytes of a removal.</summary>
    public const int RemovalLength = NodeId.Length + 1;

    /// <summary>The bytes of a stranger's value, with its version, that are not its content.</summary>
    public const int PutOverhead = NodeId.Length + StoredValueCodec.FixedLength + SourceNetwork.EncodedLength + StoredValueCodec.FieldLength;

    /// <summary>The most bytes of a change.</summary>
    public const int MaxLength = NodeId.Length + StoredValueCodec.MaxHeadLength + StoreRules.MaxContentLength;

    private const byte Removed = 0;

    /// <summary>The bytes of a change to a value, or of a removal. Another time of storing does not change their number.</summary>
    public static int LengthOf(StoredValue? value) => value is null ? RemovalLength : NodeId.Length + StoredValueCodec.LengthOf(value);

    /// <summary>The most bytes of a change to a value that counts as much; of a removal if it is null.</summary>
    public static int MaxLengthOf(StoreShare? share) => share is { } counted
        ? NodeId.Length + StoredValueCodec.MaxHeadLength + counted.Footprint - StoredValue.FixedFootprint
        : RemovalLength;

    public static byte[] Encode(IReadOnlyCollection<Entry> changes)
    {
        var encoded = new byte[changes.Sum(change => LengthOf(change.Value))];
        var position = 0;
        foreach (var (key, value) in changes)
        {
            position += Write(encoded.AsSpan(position), key, value);
        }

        return encoded;
    }

    /// <summary>Writes a change. Returns its length.</summary>
    public static int Write(Span<byte> destination, NodeId key, StoredValue? value)
    {
        key.CopyTo(destination);
        var rest = destination[NodeId.Length..];
        if (value is null)
        {
            rest[0] = Removed;
            return RemovalLength;
        }

        return NodeId.Length + StoredValueCodec.Write(rest, value);
    }

    /// <summary>Changes when the value of an encoded change was stored.</summary>
    public static void WriteStoredAt(Span<byte> encoded, DateTimeOffset time) =>
        StoredValueCodec.WriteStoredAt(encoded[NodeId.Length..], time);

    /// <summary>Takes the first change. False if there is no whole one. Its value may still be unreadable.</summary>
    public static bool TryTake(scoped ref ReadOnlySpan<byte> changes, out EncodedEntry change, bool hasContent = true)
    {
        change = default;
        if (changes.Length < RemovalLength)
        {
            return false;
        }

        var (length, contentLength) = (RemovalLength, 0);
        if (changes[NodeId.Length] != Removed)
        {
            if (!StoredValueCodec.TryMeasure(changes[NodeId.Length..], out var headLength, out contentLength)
                || contentLength > StoreRules.MaxContentLength)
            {
                return false;
            }

            contentLength = hasContent ? contentLength : 0;
            length = NodeId.Length + headLength + contentLength;
            if (length > changes.Length)
            {
                return false;
            }
        }

        change = new EncodedEntry(changes[..length], contentLength);
        changes = changes[length..];
        return true;
    }

    /// <summary>Takes the first change.</summary>
    /// <exception cref="InvalidDataException">The bytes are damaged, here and below.</exception>
    public static EncodedEntry Take(scoped ref ReadOnlySpan<byte> changes, bool hasContent = true) =>
        TryTake(ref changes, out var change, hasContent) ? change : throw Damaged();

    public static List<Entry> Decode(ReadOnlySpan<byte> encoded)
    {
        var changes = new List<Entry>();
        while (!encoded.IsEmpty)
        {
            var change = Take(ref encoded);
            changes.Add(new Entry(change.Key, change.IsRemoval ? null : change.ReadValue()));
        }

        return changes;
    }

    public static InvalidDataException Damaged() => new("A stored change of a key is damaged.");
}

/// <summary>A change as storage has it, with its content or without.</summary>
internal readonly ref struct EncodedEntry(ReadOnlySpan<byte> bytes, int contentLength)
{
    public ReadOnlySpan<byte> Bytes { get; } = bytes;

    public NodeId Key => new(Bytes[..NodeId.Length]);

    public bool IsRemoval => Bytes.Length == EntryCodec.RemovalLength;

    /// <summary>Whose item the value is; null without content, and of what is no owner's.</summary>
    public ItemOwner? Owner => (ContentType)Bytes[NodeId.Length] == ContentType.Bytes ? ItemOwner.OfContent(Content) : null;

    /// <summary>Whether the content, if it is there, is one of its type. The rest may still be unreadable.</summary>
    public bool HasValidContent => ValueContent.IsValid((ContentType)Bytes[NodeId.Length], Content);

    private ReadOnlySpan<byte> Content => Bytes[^contentLength..];

    /// <summary>What is said beside the content. False of a removal, and if no build writes that.</summary>
    public bool TryReadHead(out ValueHead head)
    {
        head = default;
        return !IsRemoval && StoredValueCodec.TryReadHead(Bytes[NodeId.Length..], out head);
    }

    /// <summary>The value. False of a removal, and if no build writes it.</summary>
    public bool TryReadValue(out StoredValue value)
    {
        value = null!;
        return TryReadHead(out var head) && StoredValueCodec.TryRead(head, Content, out value);
    }

    /// <exception cref="InvalidDataException">It is a removal, or no build writes that, here and below.</exception>
    public ValueHead ReadHead() => TryReadHead(out var head) ? head : throw EntryCodec.Damaged();

    public StoredValue ReadValue() => TryReadValue(out var value) ? value : throw EntryCodec.Damaged();

    /// <summary>The value of a head that was read of this change.</summary>
    public StoredValue ReadValue(in ValueHead head) =>
        StoredValueCodec.TryRead(head, Content, out var value) ? value : throw EntryCodec.Damaged();
}
