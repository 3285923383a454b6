using System.Buffers.Binary;

namespace KadOrleans.Storage.Sqlite;

// Moves the damaged parts out of a file. Damaged segments go to a file beside it: each as its number (8 bytes), its length (4
// bytes), both big-endian, and its bytes. A segment of removals takes the place of each, so that no older value of its keys comes
// back.
internal sealed class DamageRepair(DatabaseFile file, Damage damage)
{
    // Repairs the file, in one transaction, with the node state as far as it was readable. Returns where damaged segments are;
    // null without any.
    public string? Run(NodeState? state)
    {
        using var rows = new SegmentRows(file.Connection);
        var aside = damage.Records.Segments.Count == 0 ? null : SetAside(rows);
        file.Connection.BeginWriting();
        foreach (var (number, hidden) in damage.Records.Segments)
        {
            rows.Delete(number);
            Hide(rows, number, hidden);
        }

        foreach (var key in damage.Publications)
        {
            NodeRows.Unpublish(file.Connection, key);
        }

        if (damage.Id || damage.Contacts > 0)
        {
            NodeRows.Write(file.Connection, state);
        }

        file.Connection.Commit();
        return aside;
    }

    private string SetAside(SegmentRows rows)
    {
        var path = file.Folder.NextSpareName(DatabaseRebuild.Aside);
        using var stream = PrivateFile.CreateNew(path);
        Span<byte> head = stackalloc byte[sizeof(long) + sizeof(int)];
        foreach (var (number, _) in damage.Records.Segments)
        {
            var bytes = rows.Open(number);
            BinaryPrimitives.WriteInt64BigEndian(head, number);
            BinaryPrimitives.WriteInt32BigEndian(head[sizeof(long)..], bytes.Length);
            stream.Write(head);
            stream.Write(bytes);
            rows.Close();
        }

        stream.Flush(flushToDisk: true);
        return path;
    }

    private static void Hide(SegmentRows rows, long number, HashSet<NodeId> hidden)
    {
        if (hidden.Count == 0)
        {
            return;
        }

        var segment = new byte[SegmentCodec.HeaderLength + (hidden.Count * EntryCodec.RemovalLength)];
        var length = SegmentCodec.HeaderLength;
        foreach (var key in hidden)
        {
            length += EntryCodec.Write(segment.AsSpan(length), key, null);
        }

        SegmentCodec.Seal(segment, number);
        rows.Insert(number, segment);
    }
}
