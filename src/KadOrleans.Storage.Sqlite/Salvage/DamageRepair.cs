using System.Buffers.Binary;
using KadOrleans.Core;
using KadOrleans.Node.Ports;
using KadOrleans.SqliteFiles;
using KadOrleans.Storage.Sqlite.Format;
using KadOrleans.Storage.Sqlite.Segments;
using KadOrleans.Storage.Sqlite.Writing;
using Microsoft.Data.Sqlite;

namespace KadOrleans.Storage.Sqlite.Salvage;

/// <summary>
/// Moves the damaged parts out of a file. Damaged segments go to a file beside it: each as its number (8 bytes), its length (4 bytes), both
/// big-endian, and its bytes. A segment of removals takes the place of each, so that no older value of its keys comes back.
/// </summary>
internal sealed class DamageRepair(DatabaseFile file, Damage damage)
{
    /// <summary>Repairs the file, in one transaction.</summary>
    /// <param name="state">The node state as far as it was readable.</param>
    /// <returns>Where damaged segments are; null without any.</returns>
    /// <exception cref="SqliteException">The file cannot be written.</exception>
    /// <exception cref="IOException">The file beside it cannot be written.</exception>
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
            using var delete = file.Connection.PrepareCommand(
                "DELETE FROM publication WHERE key = $key", new SqliteParameter("$key", key));
            delete.ExecuteNonQuery();
        }

        if (damage.Id || damage.Contacts > 0)
        {
            SaveState(state);
        }

        file.Connection.Commit();
        return aside;
    }

    private string SetAside(SegmentRows rows)
    {
        var path = file.NextDamagedName();
        using var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
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

        var segment = new byte[SegmentCodec.HeaderLength + (hidden.Count * RecordCodec.RemovalLength)];
        var length = SegmentCodec.HeaderLength;
        foreach (var key in hidden)
        {
            length += RecordCodec.WriteRemoval(segment.AsSpan(length), key);
        }

        SegmentCodec.Seal(segment, number);
        rows.Insert(number, segment);
    }

    private void SaveState(NodeState? state)
    {
        using var statements = new PreparedStatements(file.Connection);
        if (state is not null)
        {
            statements.SaveState(state);
            return;
        }

        file.Connection.Execute("DELETE FROM node");
        file.Connection.Execute("DELETE FROM contact");
    }
}
