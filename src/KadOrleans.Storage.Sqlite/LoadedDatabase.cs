using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using SQLitePCL;

namespace KadOrleans.Storage.Sqlite;

// A file's whole content, in memory, read row by row. A row that no release writes means that the file is damaged: skipping it
// would lose it silently. Damaged rows are noted and left out. Without Damage such a file is refused.
internal sealed class LoadedDatabase
{
    private const int AddressLength = 16;

    // Bytes of segments handed from thread to thread at once.
    private const int BlockBytes = 1 << 20;

    private readonly DatabaseFile _file;
    private readonly List<NodeId> _prefetched = [];

    // Keys without a value whose older records count for nothing.
    private readonly HashSet<NodeId> _removed = [];

    public LoadedDatabase(DatabaseFile file, StorageOptions options)
    {
        (_file, Options) = (file, options);
        Damage = options.RefusesDamage ? null : new Damage();
        Values = new KeptValues(options.Quota, options.CacheBytes, Segments, file.Connection);
        Values.Shard.Accounts.Versions.See(VersionRow.Read(file.Connection));
        LoadValues();
        LoadPublications();
        State = LoadState();
        Clock = ClockRows.Read(file.Connection);
    }

    public StorageOptions Options { get; }

    public KeptValues Values { get; }

    public SegmentTable Segments { get; } = new();

    public ConcurrentDictionary<NodeId, Publication> Publications { get; } = new();

    /// <summary>The saved node state, or null if none was saved. One whose id is unreadable gets another.</summary>
    public NodeState? State { get; }

    public Damage? Damage { get; }

    /// <summary>What the node knew of its clock; null if that was never written.</summary>
    public ClockRecord? Clock { get; }

    // Restores all keys, even beyond the present quota: they were acknowledged. It reads from the newest segment to the oldest,
    // so the first record of a key is its state and no other is decoded.
    private void LoadValues()
    {
        var keys = EstimateKeys();
        CheckMemory(keys);
        Values.Shard.BeginLoad(keys);
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
                    LoadSegment(number, bytes, isSound);
                }
            }
        }
        finally
        {
            // It uses the connection.
            Task.WaitAny(reading);
        }

        Values.Shard.EndLoad();
    }

    // Restores all publications, even beyond the present capacity.
    private void LoadPublications() => Read("SELECT key, published_at, value, is_pending, version, call_id FROM publication", row =>
    {
        var id = raw.sqlite3_column_blob(row, 0);
        if (IsId(row, "publication")
            && TimeCodec.TryRead(raw.sqlite3_column_int64(row, 1), out var publishedAt)
            && ValueContent.TryDecode(raw.sqlite3_column_blob(row, 2), out var value)
            && StoreRules.FindRefusal(value) is null
            && raw.sqlite3_column_int64(row, 4) is >= 0 and var version)
        {
            Publications[new NodeId(id)] = new(value, publishedAt)
            {
                IsPending = raw.sqlite3_column_int(row, 3) != 0,
                Version = version,
                CallId = raw.sqlite3_column_int64(row, 5),
            };
            Values.Shard.Accounts.Versions.See(version);
        }
        else
        {
            DamageOrThrow($"the publication of key {Convert.ToHexStringLower(id)} is unreadable").Publications.Add(id.ToArray());
        }
    });

    private NodeState? LoadState()
    {
        NodeId? ownId = null;
        Read("SELECT id FROM node LIMIT 1", row => ownId = ReadOwnId(row));
        if (ownId is not { } id)
        {
            return null;
        }

        var (contacts, known) = (new List<Contact>(), new List<KnownContact>());
        Read("SELECT id, address, port, first_seen, last_seen, is_former FROM contact ORDER BY position", row => ReadContact(row, contacts, known));
        return new NodeState(id, contacts) { Known = known };
    }

    private NodeId ReadOwnId(sqlite3_stmt row)
    {
        if (IsId(row, "node"))
        {
            return new NodeId(raw.sqlite3_column_blob(row, 0));
        }

        Damage!.Id = true;
        return new NodeId(RandomNumberGenerator.GetBytes(NodeId.Length));
    }

    private void ReadContact(sqlite3_stmt row, List<Contact> contacts, List<KnownContact> known)
    {
        var address = raw.sqlite3_column_blob(row, 1);
        var port = raw.sqlite3_column_int64(row, 2);
        if (address.Length == AddressLength && port is >= 0 and <= ushort.MaxValue && IsId(row, "contact"))
        {
            contacts.Add(new Contact(new NodeId(raw.sqlite3_column_blob(row, 0)), UdpEndpoint.FromIPv6(address, (ushort)port)));
            if (TryReadTime(row, 3, out var first) && TryReadTime(row, 4, out var last))
            {
                known.Add(new KnownContact(contacts[^1], false, first, last, 0) { IsFormer = raw.sqlite3_column_int(row, 5) != 0 });
            }
        }
        else
        {
            DamageOrThrow("a contact is unreadable").Contacts++;
        }
    }

    // A time that is not there or unreadable is one that was not noted.
    private static bool TryReadTime(sqlite3_stmt row, int column, out DateTimeOffset time)
    {
        time = default;
        return raw.sqlite3_column_type(row, column) == raw.SQLITE_INTEGER && TimeCodec.TryRead(raw.sqlite3_column_int64(row, column), out time);
    }

    // Whether the first column is an id. If not, a file that is not to be repaired is refused.
    private bool IsId(sqlite3_stmt row, string table)
    {
        var length = raw.sqlite3_column_blob(row, 0).Length;
        if (length != NodeId.Length)
        {
            DamageOrThrow($"an id in table {table} has {length} bytes");
        }

        return length == NodeId.Length;
    }

    private Damage DamageOrThrow(string what) => Damage ?? throw _file.Folder.Damaged(what);

    private IEnumerable<List<(long Number, byte[] Bytes, bool IsSound)>> ReadBlocks()
    {
        using var command = _file.Connection.PrepareCommand("SELECT number, records FROM segment ORDER BY number DESC");
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

    private void LoadSegment(long number, byte[] bytes, bool isSound)
    {
        if (!isSound)
        {
            var records = DamageOrThrow(SegmentCodec.Unreadable(number)).Records;
            _removed.UnionWith(records.Add(number, bytes, key => _removed.Contains(key) || Values.Shard.TryFind(key, out _)));
            return;
        }

        var left = (ReadOnlySpan<byte>)bytes.AsSpan(SegmentCodec.HeaderLength);
        Prefetch(left);
        var segment = Segments.Reserve(number);
        while (!left.IsEmpty)
        {
            var offset = bytes.Length - left.Length;
            if (!EntryCodec.TryTake(ref left, out var record) || !TryLoad(record, offset, segment))
            {
                throw _file.Folder.Damaged(SegmentCodec.Unreadable(number));
            }
        }

        Segments.AddOldest(segment);
    }

    // Most keys are random, so memory is what a load waits for.
    private void Prefetch(ReadOnlySpan<byte> records)
    {
        _prefetched.Clear();
        while (EntryCodec.TryTake(ref records, out var record))
        {
            _prefetched.Add(record.Key);
        }

        Values.Shard.Prefetch(CollectionsMarshal.AsSpan(_prefetched));
    }

    // What does not fit now would end the node later, without a word.
    private void CheckMemory(long keys)
    {
        var needed = (keys * KeyIndex.BytesPerKey) + Options.CacheBytes;
        if (needed > Options.MemoryBytes)
        {
            throw new KeyStoreException(
                $"'{_file.Path}' has some {keys} keys, whose index needs {keys * KeyIndex.BytesPerKey} bytes of memory beside the cache's {Options.CacheBytes}, and this process may use {Options.MemoryBytes}; give it {needed} or more, or choose a smaller cache (CacheBytes, or --cache).");
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
            for (sampled++; EntryCodec.TryTake(ref bytes, out _); records++)
            {
            }
        });
        var pages = _file.Connection.QueryInteger("PRAGMA page_count");
        return sampled == 0 ? 0 : (int)Math.Min(Math.Clamp(segments, 0, pages) * records / sampled, int.MaxValue / 4);
    }

    private bool TryLoad(EncodedEntry record, int offset, Segment segment)
    {
        var (key, length) = (record.Key, record.Bytes.Length);
        if (record.IsRemoval)
        {
            segment.AddRemoval(length);
            if (!Values.Shard.TryFind(key, out _))
            {
                _removed.Add(key);
            }

            return true;
        }

        var (isHidden, head) = ((_removed.Count > 0 && _removed.Contains(key)) || IsHidden(key), default(ValueHead));
        var isReadable = isHidden || (record.HasValidContent && record.TryReadHead(out head));
        var place = new RecordPlace(segment.Slot, offset, length).ToInt64();
        if (!isHidden && isReadable && Values.Shard.TryLoad(key, head.ShareOf(record.Owner), head.StoredAt, head.ExpiresAt, place))
        {
            segment.AddPut(length);
            Values.Shard.Accounts.Versions.See(head.Version);
        }
        else
        {
            segment.AddObsolete(length);
        }

        // What is unreadable and obsolete does not matter.
        return isReadable || Values.Shard.TryFind(key, out _);
    }

    private bool IsHidden(NodeId key) =>
        Damage is { Records.Segments.Count: > 0 }
        && !Values.Shard.TryFind(key, out _)
        && Damage.Records.Resembles(key)
        && _removed.Add(key);

    // Passes SQLite's own rows, whose blobs are spans: a million rows need no million copies.
    private void Read(string sql, Action<sqlite3_stmt> take)
    {
        using var command = _file.Connection.PrepareCommand(sql);
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            take(reader.Handle!);
        }
    }
}
