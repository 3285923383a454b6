using System.Buffers.Binary;
using KadOrleans.Core.Items;

namespace KadOrleans.Shards;

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
