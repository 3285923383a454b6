using KadOrleans.Core;
using KadOrleans.Wire.MessagePack;

namespace KadOrleans.Wire;

/// <summary>Reads contacts as answers list them: arrays of id, address text and port.</summary>
internal static class ContactReader
{
    private const int ItemsPerContact = 3;

    /// <summary>Reads a list whose first token is already read.</summary>
    public static bool TryReadList(
        ref MessagePackReader reader, in MessagePackToken list, Span<Contact> contacts, out int count)
    {
        count = 0;
        if (list.Type != MessagePackType.Array)
        {
            return list.Type == MessagePackType.Nil || list.IsFalse || list.IsZero;
        }

        var kept = 0;
        for (var i = 0; i < list.Count; i++)
        {
            // Entries past the caller's limit are still checked: a datagram is well-formed or it is not.
            if (!reader.TryReadObject(depth: 1, out var entry))
            {
                return false;
            }

            if (kept < contacts.Length && TryReadContact(entry, out var contact))
            {
                contacts[kept++] = contact;
            }
        }

        count = kept;
        return true;
    }

    /// <summary>
    /// Reads the two items address and port. The address is str, or bin from nodes under Python 2. It must be a literal address of a single
    /// node, never a host name.
    /// </summary>
    public static bool TryReadEndpoint(ref MessagePackReader reader, out UdpEndpoint endpoint)
    {
        endpoint = default;
        return reader.TryRead(out var address)
            && address.IsName
            && reader.TryRead(out var number)
            && number.TryGetPort(out var port)
            && AddressText.TryParse(address.Content, port, out endpoint)
            && endpoint.IsUnicast;
    }

    private static bool TryReadContact(ReadOnlySpan<byte> entry, out Contact contact)
    {
        var reader = new MessagePackReader(entry);
        contact = default;
        if (!reader.TryRead(out var array)
            || array is not { Type: MessagePackType.Array, Count: ItemsPerContact }
            || !reader.TryRead(out var first)
            || !first.TryGetNodeId(out var id)
            || !TryReadEndpoint(ref reader, out var endpoint))
        {
            return false;
        }

        contact = new Contact(id, endpoint);
        return true;
    }
}
