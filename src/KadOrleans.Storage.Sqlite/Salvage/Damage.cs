using System.Buffers.Binary;

namespace KadOrleans.Storage.Sqlite;

internal sealed class Damage
{
    public LostRecords Records { get; } = new();

    /// <summary>Keys of publications that are unreadable, as they are in the file.</summary>
    public List<byte[]> Publications { get; } = [];

    public int Contacts { get; set; }

    public bool Id { get; set; }

    public bool IsAny => Records.Segments.Count > 0 || Publications.Count > 0 || Contacts > 0 || Id;
}

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
}

internal sealed record DamageReport(string Sentence, IReadOnlyList<NodeId> LostKeys)
{
    private const int MostNamed = 5;

    public static DamageReport Create(
        string path, Damage damage, (string Aside, string Missing)? rebuilt, string? aside, IReadOnlyList<NodeId> lost, long left)
    {
        var segments = damage.Records.Segments;
        var named = string.Join(", ", segments.Take(MostNamed).Select(segment => segment.Number));
        string[] parts =
        [
            .. rebuilt is { } whole ? [$"its structure{whole.Missing}"] : Array.Empty<string>(),
            .. Count(segments.Count, $"segments of its values ({named}{(segments.Count > MostNamed ? ", …" : string.Empty)})"),
            .. Count(damage.Publications.Count, "publications"),
            .. Count(damage.Contacts, "contacts"),
            .. damage.Id ? ["the node's id, which is a new one now unless --id says it"] : Array.Empty<string>(),
        ];
        string[] places = [.. new[] { rebuilt?.Aside, aside }.OfType<string>().Select(place => $"'{place}'")];
        var where = places.Length == 0 ? string.Empty : $"; the damaged bytes are in {string.Join(" and ", places)}";
        var known = lost.Count == 0 ? "which keys are lost is not known" : $"{lost.Count} keys are known to be lost";
        known += lost.Count > 0 && rebuilt is not null ? ", and which others are is not known" : string.Empty;
        return new DamageReport($"'{path}' was damaged ({string.Join(", ", parts)}): {known}, {left} are left{where}.", lost);
    }

    private static IEnumerable<string> Count(int count, string what) => count == 0 ? [] : [$"{count} {what}"];
}

// The keys of damaged segments, as far as they can be read. No value of a damaged segment is used, as its checksum covers all of
// them. Its keys still matter: a key must not fall back to an older value, and the network may have its value.
internal sealed class LostRecords
{
    private const long LatestTime = 7_258_118_400_000; // The year 2200.
    private const long LongestLife = 366L * 24 * 60 * 60 * 1000;
    private const int HeadBits = 64;

    // All bits but the last 64 are 0.
    private static readonly NodeId TailMask = NodeId.Parse(new string('0', 24) + new string('f', 16));

    // Ids that have the first or last eight bytes of a key, and zeros else.
    private readonly HashSet<NodeId> _heads = [];
    private readonly HashSet<NodeId> _tails = [];

    /// <summary>Damaged segments, newest first, each with the keys that it hides.</summary>
    public List<(long Number, HashSet<NodeId> Hidden)> Segments { get; } = [];

    /// <summary>Keys whose latest value was in a damaged segment.</summary>
    public HashSet<NodeId> Keys { get; } = [];

    public IReadOnlyCollection<NodeId> Add(long number, ReadOnlySpan<byte> segment, Func<NodeId, bool> isHeld)
    {
        var hidden = new HashSet<NodeId>();
        Segments.Add((number, hidden));
        var records = segment.Length > SegmentCodec.HeaderLength ? segment[SegmentCodec.HeaderLength..] : [];
        for (var follows = true; records.Length >= RecordCodec.RemovalLength;)
        {
            // A record begins where another ended, so its key counts even if the rest is damaged. Elsewhere a key counts only if it can
            // hardly be chance.
            if (follows)
            {
                Note(new NodeId(records.Slice(1, NodeId.Length)), isPut: records[0] != 0, hidden, isHeld);
            }

            var rest = records;
            var isWhole = RecordCodec.TryTake(ref rest, out var record);
            if (isWhole && !follows && IsPlausible(record))
            {
                Note(record.Key, isPut: true, hidden, isHeld);
                records = rest;
                follows = true;
            }
            else if (isWhole && follows && (record.IsRemoval || record.TryReadValue(out _)))
            {
                records = rest;
            }
            else
            {
                records = records[1..];
                follows = false;
            }
        }

        return hidden;
    }

    // Whether a key of an older segment is that of a record with a damaged key. Ids are random, so two that share eight bytes are
    // the same.
    public bool Resembles(NodeId key)
    {
        var (head, tail) = Split(key);
        if (!_heads.Contains(head) && !_tails.Contains(tail))
        {
            return false;
        }

        Segments[^1].Hidden.Add(key);
        Keys.Add(key);
        return true;
    }

    private static bool IsPlausible(RecordCodec.Record put) =>
        !put.IsRemoval
        && put.TryReadValue(out var value)
        && value.StoredAt.ToUnixTimeMilliseconds() is >= 0 and < LatestTime
        && Math.Abs((value.ExpiresAt - value.StoredAt).TotalMilliseconds) <= LongestLife;

    private static (NodeId Head, NodeId Tail) Split(NodeId key) => (key.Prefix(HeadBits), key.Masked(TailMask));

    private void Note(NodeId key, bool isPut, HashSet<NodeId> hidden, Func<NodeId, bool> isHeld)
    {
        if (isHeld(key))
        {
            return;
        }

        hidden.Add(key);
        var (head, tail) = Split(key);
        _heads.Add(head);
        _tails.Add(tail);
        if (isPut)
        {
            Keys.Add(key);
        }
    }
}
