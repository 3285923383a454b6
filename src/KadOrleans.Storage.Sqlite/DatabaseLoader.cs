using System.Globalization;
using System.Security.Cryptography;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;
using KadOrleans.SqliteFiles;
using KadOrleans.Storage.Sqlite.Format;
using KadOrleans.Storage.Sqlite.Salvage;
using KadOrleans.Storage.Sqlite.Segments;
using SQLitePCL;

namespace KadOrleans.Storage.Sqlite;

/// <summary>
/// Reads the whole file into memory, row by row. A row that no release writes means that the file is damaged: skipping it would lose it
/// silently.
/// </summary>
/// <param name="file">The file.</param>
/// <param name="damage">Notes damaged rows, which are then left out. Null: such a file is refused.</param>
internal sealed class DatabaseLoader(DatabaseFile file, Damage? damage = null)
{
    private const int AddressLength = 16;

    /// <summary>
    /// Restores all keys, even beyond the present quota: they were acknowledged. It reads from the newest segment to the oldest, so the
    /// first record of a key is its state and no other is decoded.
    /// </summary>
    /// <exception cref="KeyStoreException">The file is damaged.</exception>
    public void LoadValues(ValueMemory memory, SegmentTable table)
    {
        var removed = new HashSet<NodeId>();
        Read(
            "SELECT number, records FROM segment ORDER BY number DESC",
            row => LoadSegment(raw.sqlite3_column_int64(row, 0), raw.sqlite3_column_blob(row, 1), memory, removed, table));
    }

    /// <summary>Restores all publications, even beyond the present capacity.</summary>
    /// <exception cref="KeyStoreException">The file is damaged.</exception>
    public void LoadPublications(PublicationMemory publications)
    {
        Read("SELECT key, published_at, value, is_pending FROM publication", row =>
        {
            if (damage is not null && raw.sqlite3_column_blob(row, 0).Length != NodeId.Length)
            {
                damage.Publications.Add(raw.sqlite3_column_blob(row, 0).ToArray());
                return;
            }

            var key = ReadId(row, 0, "publication");
            if (!TimeCodec.TryRead(raw.sqlite3_column_int64(row, 1), out var publishedAt) || !ValueCodec.TryDecode(raw.sqlite3_column_blob(row, 2), out var value))
            {
                damage.NoteOrThrow(() => file.Damaged($"the publication of key {key} is unreadable"))
                    .Publications.Add(raw.sqlite3_column_blob(row, 0).ToArray());
                return;
            }

            publications.Apply([KeyValuePair.Create<NodeId, Publication?>(key, new Publication(value, publishedAt) { IsPending = raw.sqlite3_column_int(row, 3) != 0 })]);
        });
    }

    /// <summary>The saved node state, or null if none was saved. One whose id is unreadable gets another.</summary>
    /// <exception cref="KeyStoreException">The file is damaged.</exception>
    public NodeState? LoadState()
    {
        var ids = new List<NodeId>(1);
        Read("SELECT id FROM node LIMIT 1", row => ids.Add(ReadOwnId(row)));
        if (ids.Count == 0)
        {
            return null;
        }

        var contacts = new List<Contact>();
        Read("SELECT id, address, port FROM contact ORDER BY position", row => ReadContact(row, contacts));
        return new NodeState(ids[0], contacts);
    }

    private NodeId ReadOwnId(sqlite3_stmt row)
    {
        if (damage is null || raw.sqlite3_column_blob(row, 0).Length == NodeId.Length)
        {
            return ReadId(row, 0, "node");
        }

        damage.Id = true;
        return new NodeId(RandomNumberGenerator.GetBytes(NodeId.Length));
    }

    private void ReadContact(sqlite3_stmt row, List<Contact> contacts)
    {
        var address = raw.sqlite3_column_blob(row, 1);
        var port = raw.sqlite3_column_int64(row, 2);
        if (address.Length == AddressLength
            && port is >= 0 and <= ushort.MaxValue
            && (damage is null || raw.sqlite3_column_blob(row, 0).Length == NodeId.Length))
        {
            contacts.Add(new Contact(ReadId(row, 0, "contact"), UdpEndpoint.FromIPv6(address, (ushort)port)));
        }
        else
        {
            damage.NoteOrThrow(() => file.Damaged("a contact is unreadable")).Contacts++;
        }
    }

    private NodeId ReadId(sqlite3_stmt row, int column, string table)
    {
        var id = raw.sqlite3_column_blob(row, column);
        return id.Length == NodeId.Length
            ? new NodeId(id)
            : throw file.Damaged(string.Create(
                CultureInfo.InvariantCulture, $"an id in table {table} has {id.Length} bytes"));
    }

    private void LoadSegment(
        long number, ReadOnlySpan<byte> bytes, ValueMemory memory, HashSet<NodeId> removed, SegmentTable table)
    {
        if (!SegmentCodec.TryOpen(bytes, number, out var records))
        {
            removed.UnionWith(damage.NoteOrThrow(() => file.Damaged(DatabaseSchema.UnreadableSegment(number)))
                .Records.Add(number, bytes, key => removed.Contains(key) || memory.Shard.TryFind(key, out _)));
            return;
        }

        var segment = table.Reserve(number);
        while (!records.IsEmpty)
        {
            if (!RecordCodec.TryTake(ref records, out var record) || !TryLoad(record, segment, memory, removed))
            {
                throw file.Damaged(DatabaseSchema.UnreadableSegment(number));
            }
        }

        table.AddOldest(segment);
    }

    private bool TryLoad(RecordCodec.Record record, Segment segment, ValueMemory memory, HashSet<NodeId> removed)
    {
        var key = record.Key;
        var isObsolete = removed.Contains(key) || memory.Shard.TryFind(key, out _);
        if (record.IsRemoval)
        {
            segment.AddRemoval(record.Bytes.Length);
            if (!isObsolete)
            {
                removed.Add(key);
            }
        }
        else if (isObsolete || Hides(key, removed))
        {
            segment.AddObsolete(record.Bytes.Length);
        }
        else if (record.TryReadValue(out var value))
        {
            segment.AddPut(record.Bytes.Length);
            memory.Shard.Load(key, value, segment.Slot);
        }
        else
        {
            return false;
        }

        return true;
    }

    private bool Hides(NodeId key, HashSet<NodeId> removed) =>
        damage is { Records.Segments.Count: > 0 } && damage.Records.Resembles(key) && removed.Add(key);

    // Passes SQLite's own rows, whose blobs are spans: a million rows need no million copies.
    private void Read(string sql, Action<sqlite3_stmt> take)
    {
        using var command = file.Connection.PrepareCommand(sql);
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            take(reader.Handle!);
        }
    }
}

/// <summary>A file's whole content, in memory.</summary>
/// <param name="Values">Values by key.</param>
/// <param name="Segments">The segments that hold them.</param>
/// <param name="Publications">Publications by key.</param>
/// <param name="State">The node state, or null if none was saved.</param>
internal sealed record LoadedDatabase(ValueMemory Values, SegmentTable Segments, PublicationMemory Publications, NodeState? State)
{
    /// <summary>The unreadable parts that were left out. Null if such a file is refused.</summary>
    public Damage? Damage { get; private init; }

    /// <summary>Reads the whole file.</summary>
    /// <exception cref="KeyStoreException">The file is damaged.</exception>
    public static LoadedDatabase Read(DatabaseFile file, StoreQuota quota, int maxPublications, DamagePolicy onDamage)
    {
        var damage = onDamage == DamagePolicy.SetAside ? new Damage() : null;
        var loader = new DatabaseLoader(file, damage);
        var values = new ValueMemory(quota);
        var segments = new SegmentTable();
        loader.LoadValues(values, segments);
        var publications = new PublicationMemory(maxPublications);
        loader.LoadPublications(publications);
        return new LoadedDatabase(values, segments, publications, loader.LoadState()) { Damage = damage };
    }
}
