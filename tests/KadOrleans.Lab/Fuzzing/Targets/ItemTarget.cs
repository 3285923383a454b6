using KadOrleans.Core.Items;
using KadOrleans.Signatures;
using static KadOrleans.Lab.InvariantException;

namespace KadOrleans.Lab;

/// <summary>Signed items as nodes carry them, and bencode. Both have one form: what is read is written as the same bytes.</summary>
internal sealed class ItemTarget : IFuzzTarget
{
    public bool Run(ReadOnlySpan<byte> input)
    {
        RunBencode(input);
        var envelope = input.ToArray();
        if (!ItemEnvelope.TryRead(envelope, out var item, out var error))
        {
            Require(error.ToString().Length > 0, "a refusal has no sentence");
            return false;
        }

        Require(ItemEnvelope.LooksLikeItem(envelope), "an item does not look like one");
        Require(
            !item.IsMutable || (ItemEnvelope.TryReadPublicKey(envelope, out var publicKey) && publicKey.SequenceEqual(item.PublicKey.Span)),
            "an item has another public key than its owner's");
        RequireSameBytes(envelope, RebuildEnvelope(item));
        CheckedItem.TryCheck(item, item.Key, Ed25519Signatures.Instance, out _, out _);
        if (item.TryGetBytes(out var content))
        {
            RequireSameBytes(item.Value.Span, Item.EncodeBytes(content.Span));
        }

        return true;
    }

    private static ReadOnlySpan<byte> RebuildEnvelope(Item item)
    {
        var parts = new ItemParts
        {
            IsMutable = item.IsMutable,
            PublicKey = item.PublicKey,
            Salt = item.Salt,
            Seq = item.Seq,
            Value = item.Value,
            Signature = item.Signature,
        };
        Require(Item.TryCreate(parts, out var again, out var error), $"the parts of an item make none: {error}");
        Require(again!.Equals(item) && again.Key == item.Key && again.IsEnd == item.IsEnd, "the parts of an item make another");
        return again.Envelope.Span;
    }

    private static void RunBencode(ReadOnlySpan<byte> input)
    {
        var isCanonical = BencodeReader.IsCanonical(input, BencodeReader.MaxDepth, out var position);
        Require(position <= input.Length, "bencode was read past its end");
        if (isCanonical)
        {
            var written = new byte[input.Length];
            var reader = new BencodeReader(input);
            var writer = new BencodeWriter(written);
            Copy(ref reader, ref writer);
            RequireSameBytes(input, written.AsSpan(0, writer.Length));
        }
    }

    // Reads a value by its parts, and writes each. The value is known to be canonical.
    private static void Copy(ref BencodeReader reader, ref BencodeWriter writer)
    {
        if (reader.TryReadList())
        {
            writer.WriteList();
            while (!reader.IsContainerEnd)
            {
                Copy(ref reader, ref writer);
            }
        }
        else if (reader.TryReadDictionary())
        {
            writer.WriteDictionary();
            ReadOnlySpan<byte> key = default;
            for (var isFirst = true; !reader.IsContainerEnd; isFirst = false)
            {
                Require(reader.TryReadKey(isFirst, key, out var next), "a key of canonical bencode is refused");
                key = next;
                writer.WriteBytes(key);
                Copy(ref reader, ref writer);
            }
        }
        else
        {
            CopyPlain(ref reader, ref writer);
            return;
        }

        Require(reader.TryReadContainerEnd(), "the end of canonical bencode is refused");
        writer.WriteContainerEnd();
    }

    private static void CopyPlain(ref BencodeReader reader, ref BencodeWriter writer)
    {
        var start = reader;
        if (reader.TryReadInteger(out var number))
        {
            writer.WriteInteger(number);
            return;
        }

        // A number of more than 64 bits has no other form either.
        reader = start;
        if (reader.TryReadNumber(out var digits))
        {
            writer.WriteEncoded([(byte)'i', .. digits, (byte)'e']);
            return;
        }

        reader = start;
        Require(reader.TryReadBytes(out var bytes), "a part of canonical bencode is refused");
        writer.WriteBytes(bytes);
    }

    private static void RequireSameBytes(ReadOnlySpan<byte> read, ReadOnlySpan<byte> written) =>
        Require(read.SequenceEqual(written), "what was read is written as other bytes");
}
