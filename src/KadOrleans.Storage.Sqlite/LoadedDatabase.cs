using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using SQLitePCL;

namespace KadOrleans.Storage.Sqlite;

// Reads the whole file into memory, row by row. A row that no release writes means that the file is damaged: skipping it would
// lose it silently. Damaged rows are noted and left out. Without Damage such a file is refused.
internal sealed class DatabaseLoader(DatabaseFile file, Damage? damage = null)
{
    private const int AddressLength = 16;

    // Bytes of segments handed from thread to thread at once.
    private const int BlockBytes = 1 << 20;

    private readonly List<NodeId> _prefetched = [];

    // Restores all keys, even beyond the present quota: they were acknowledged. It reads from the newest segment to the oldest,
    // so the first record of a key is its state and no other is decoded.
    public void LoadValues(KeptValues memory, SegmentTable table, StorageLimits limits)
    {
        var removed = new HashSet<NodeId>();
        var keys = EstimateKeys();
        CheckMemory(keys, limits);
        memory.Shard.BeginLoad(keys);
        using var blocks = ReadBlocks().GetEnumerator();

        // Reading segments takes as long as indexing their keys, so a thread reads the next ones meanwhile.
        var reading = Task.Run(blocks.MoveNext);
        try
        {
            while (reading.GetAwaiter().GetResult())
            {
                var block = blocks.Current;
                reading = Task.Run(blocks.MoveNext);
                foreach (var (number, bytes, isSound) in block)
                {
                    LoadSegment(number, bytes, isSound, memory, removed, table);
                }
            }
        }
        finally
        {
            // It uses the connection.
            Task.WaitAny(reading);
        }

        memory.Shard.EndLoad();
    }

    /// <summary>Restores all publications, even beyond the present capacity.</summary>
    public ConcurrentDictionary<NodeId, Publication> LoadPublications()
    {
        var publications = new ConcurrentDictionary<NodeId, Publication>();
        Read("SELECT key, published_at, value, is_pending FROM publication", row =>
        {
            var id = raw.sqlite3_column_blob(row, 0);
            if (IsId(row, "publication")
                && TimeCodec.TryRead(raw.sqlite3_column_int64(row, 1), out var publishedAt)
                && ValueCodec.TryDecode(raw.sqlite3_column_blob(row, 2), out var value))
            {
                publications[new NodeId(id)] = new Publication(value, publishedAt) { IsPending = raw.sqlite3_column_int(row, 3) != 0 };
            }
            else
            {
                (damage ?? throw file.Folder.Damaged($"the publication of key {new NodeId(id)} is unreadable")).Publications.Add(id.ToArray());
            }
        });
        return publications;
    }

    /// <summary>The saved node state, or null if none was saved. One whose id is unreadable gets another.</summary>
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
        if (IsId(row, "node"))
        {
            return new NodeId(raw.sqlite3_column_blob(row, 0));
        }

        damage!.Id = true;
        return new NodeId(RandomNumberGenerator.GetBytes(NodeId.Length));
    }

    private void ReadContact(sqlite3_stmt row, List<Contact> contacts)
    {
        var address = raw.sqlite3_column_blob(row, 1);
        var port = raw.sqlite3_column_int64(row, 2);
        if (address.Length == AddressLength && port is >= 0 and <= ushort.MaxValue && IsId(row, "contact"))
        {
            contacts.Add(new Contact(new NodeId(raw.sqlite3_column_blob(row, 0)), UdpEndpoint.FromIPv6(address, (ushort)port)));
        }
        else
        {
            (damage ?? throw file.Folder.Damaged("a contact is unreadable")).Contacts++;
        }
    }

    // Whether the first column is an id. If not, a file that is not to be repaired is refused.
    private bool IsId(sqlite3_stmt row, string table)
    {
        var length = raw.sqlite3_column_blob(row, 0).Length;
        return length == NodeId.Length || (damage is null ? throw file.Folder.Damaged($"an id in table {table} has {length} bytes") : false);
    }

    private IEnumerable<List<(long Number, byte[] Bytes, bool IsSound)>> ReadBlocks()
    {
        using var command = file.Connection.PrepareCommand("SELECT number, records FROM segment ORDER BY number DESC");
        using var rows = command.ExecuteReader();
        var block = new List<(long, byte[], bool)>();
        var length = 0;
        while (rows.Read())
        {
            var number = raw.sqlite3_column_int64(rows.Handle, 0);
            var bytes = raw.sqlite3_column_blob(rows.Handle, 1).ToArray();
            block.Add((number, bytes, SegmentCodec.TryOpen(bytes, number, out _)));
            length += bytes.Length;
            if (length >= BlockBytes)
            {
                yield return block;
                (block, length) = ([], 0);
            }
        }

        yield return block;
    }

    private void LoadSegment(
        long number, byte[] bytes, bool isSound, KeptValues memory, HashSet<NodeId> removed, SegmentTable table)
    {
        if (!isSound)
        {
            removed.UnionWith((damage ?? throw file.Folder.Damaged(DatabaseSchema.UnreadableSegment(number)))
                .Records.Add(number, bytes, key => removed.Contains(key) || memory.Shard.TryFind(key, out _)));
            return;
        }

        var records = (ReadOnlySpan<byte>)bytes.AsSpan(SegmentCodec.HeaderLength);
        Prefetch(records, memory);
        var segment = table.Reserve(number);
        while (!records.IsEmpty)
        {
            var offset = bytes.Length - records.Length;
            if (!RecordCodec.TryTake(ref records, out var record) || !TryLoad(record, offset, segment, memory, removed))
            {
                throw file.Folder.Damaged(DatabaseSchema.UnreadableSegment(number));
            }
        }

        table.AddOldest(segment);
    }

    // Most keys are random, so memory is what a load waits for.
    private void Prefetch(ReadOnlySpan<byte> records, KeptValues memory)
    {
        _prefetched.Clear();
        while (RecordCodec.TryTake(ref records, out var record))
        {
            _prefetched.Add(record.Key);
        }

        memory.Shard.Prefetch(CollectionsMarshal.AsSpan(_prefetched));
    }

    // What does not fit now would end the node later, without a word.
    private void CheckMemory(long keys, StorageLimits limits)
    {
        var needed = (keys * KeyIndex.BytesPerKey) + limits.CacheBytes;
        if (needed > limits.MemoryBytes)
        {
            throw new KeyStoreException(
                $"'{file.Path}' has some {keys} keys, whose index needs {keys * KeyIndex.BytesPerKey} bytes of memory beside the cache's {limits.CacheBytes}, and this process may use {limits.MemoryBytes}; give it {needed} or more, or choose a smaller cache.");
        }
    }

    // As many as the newest segments let expect. Too few, and the rest loads more slowly; too many cost two bytes each.
    private int EstimateKeys()
    {
        var (segments, sampled, records) = (0L, 0, 0);
        Read("SELECT max(number) - min(number) + 1 FROM segment", row => segments = raw.sqlite3_column_int64(row, 0));
        Read("SELECT records FROM segment ORDER BY number DESC LIMIT 64", row =>
        {
            var bytes = raw.sqlite3_column_blob(row, 0);
            bytes = bytes.Length < SegmentCodec.HeaderLength ? [] : bytes[SegmentCodec.HeaderLength..];
            for (sampled++; RecordCodec.TryTake(ref bytes, out _); records++)
            {
            }
        });
        var pages = file.Connection.QueryInteger("PRAGMA page_count");
        return sampled == 0 ? 0 : (int)Math.Min(Math.Clamp(segments, 0, pages) * records / sampled, int.MaxValue / 4);
    }

    private bool TryLoad(RecordCodec.Record record, int offset, Segment segment, KeptValues memory, HashSet<NodeId> removed)
    {
        var (key, length) = (record.Key, record.Bytes.Length);
        if (record.IsRemoval)
        {
            segment.AddRemoval(length);
            if (!memory.Shard.TryFind(key, out _))
            {
                removed.Add(key);
            }

            return true;
        }

        if ((removed.Count > 0 && removed.Contains(key)) || Hides(key, memory, removed))
        {
            segment.AddObsolete(length);
        }
        else if (!record.TryReadHead(out var head))
        {
            segment.AddObsolete(length);
            return memory.Shard.TryFind(key, out _);
        }
        else if (memory.Shard.TryLoad(key, head.Share, head.StoredAt, head.ExpiresAt, new RecordPlace(segment.Slot, offset, length).ToInt64()))
        {
            segment.AddPut(length);
        }
        else
        {
            segment.AddObsolete(length);
        }

        return true;
    }

    private bool Hides(NodeId key, KeptValues memory, HashSet<NodeId> removed) =>
        damage is { Records.Segments.Count: > 0 }
        && !memory.Shard.TryFind(key, out _)
        && damage.Records.Resembles(key)
        && removed.Add(key);

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

/// <summary>A file's whole content, in memory. Damaged parts are left out; without <c>Damage</c> such a file is refused.</summary>
internal sealed record LoadedDatabase(
    KeptValues Values,
    SegmentTable Segments,
    ConcurrentDictionary<NodeId, Publication> Publications,
    NodeState? State,
    int MaxPublications,
    Damage? Damage)
{
    public static LoadedDatabase Read(DatabaseFile file, StorageLimits limits, DamagePolicy onDamage)
    {
        var damage = onDamage == DamagePolicy.SetAside ? new Damage() : null;
        var loader = new DatabaseLoader(file, damage);
        var segments = new SegmentTable();
        var values = new KeptValues(limits.Quota, limits.CacheBytes, segments, file.Connection);
        loader.LoadValues(values, segments, limits);
        return new LoadedDatabase(values, segments, loader.LoadPublications(), loader.LoadState(), limits.MaxPublications, damage);
    }
}
