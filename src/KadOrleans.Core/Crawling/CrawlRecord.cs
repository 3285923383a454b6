using System.Text;

namespace KadOrleans.Core;

/// <summary>A crawl's record of one endpoint.</summary>
public sealed record CrawlRecord
{
    /// <summary>Where it is.</summary>
    public required UdpEndpoint Endpoint { get; init; }

    /// <summary>How far the crawl came with it.</summary>
    public required CrawlState State { get; init; }

    /// <summary>The id that it answered a ping with; null if it gave none.</summary>
    public NodeId? Id { get; init; }

    /// <summary>Other ids that nodes name it under: at most 8 are kept.</summary>
    public IReadOnlyList<NodeId> ClaimedIds { get; init; } = [];

    /// <summary>The shortest round trip measured; null without an answer.</summary>
    public TimeSpan? RoundTrip { get; init; }

    /// <summary>Different contacts that it named.</summary>
    public int Contacts { get; init; }

    /// <summary>FIND_NODE requests that it answered.</summary>
    public int Queries { get; init; }

    /// <summary>Whether it named its whole table; false if it stopped responding, or named too many contacts or unreachable ones.</summary>
    public bool IsComplete { get; init; }

    /// <summary>Whether a node answers there.</summary>
    public bool IsReachable => State is CrawlState.Visiting or CrawlState.Visited;

    /// <summary>How its responses write addresses.</summary>
    public AddressForm Form { get; init; }

    /// <summary>
    /// The start of the first of the consecutive crawls in which this id answered at this endpoint. Null if that was the first crawl of
    /// all, or if nothing was compared.
    /// </summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Its own id, or if it gave none, the first one that nodes name it under.</summary>
    internal NodeId? Place => Id ?? (ClaimedIds.Count > 0 ? ClaimedIds[0] : null);

    internal bool IsIn(BucketRange range) => Id is { } id && range.Contains(id) || ClaimedIds.Any(range.Contains);
}

/// <summary>The state of one endpoint in a crawl.</summary>
public enum CrawlState
{
    /// <summary>The crawl began with it or others named it, and it has neither answered a ping nor failed yet.</summary>
    Waiting,

    /// <summary>It answered with an id, and is being asked for its contacts.</summary>
    Visiting,

    /// <summary>It answered with an id, and has been asked for its contacts.</summary>
    Visited,

    /// <summary>It answered none of several pings.</summary>
    Unreachable,

    /// <summary>It answered without an id of its own: a client, or a program that does not follow the protocol.</summary>
    NotANode,
}

/// <summary>How a node writes the addresses of contacts: the versions of the protocol differ in nothing else that a crawl sees.</summary>
public enum AddressForm
{
    /// <summary>It named no contact.</summary>
    Unknown,

    /// <summary>As text: this product, and the package <c>kademlia</c> under Python 3.</summary>
    Text,

    /// <summary>As bytes: the package <c>kademlia</c> under Python 2.</summary>
    Bytes,
}

internal static class CrawlPage
{
    /// <summary>With eight claimed ids each a page has 240 KiB. Grain storage on Azure's tables takes 512 KiB.</summary>
    public const int MaxRecords = 1_024;

    private const byte Format = 1;

    public static byte[] Encode(IReadOnlyCollection<CrawlRecord> records)
    {
        if (records.Count > MaxRecords)
        {
            throw new ArgumentException($"The page of a crawl has {records.Count} records; at most {MaxRecords} are allowed.");
        }

        using var stream = new MemoryStream(64 * records.Count);
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(Format);
        writer.Write7BitEncodedInt(records.Count);
        foreach (var record in records)
        {
            Write(writer, record);
        }

        writer.Flush();
        return stream.ToArray();
    }

    public static IEnumerable<byte[]> EncodeAll(IEnumerable<CrawlRecord> records) => records.Chunk(MaxRecords).Select(Encode);

    /// <summary>Reads what <see cref="Encode"/> wrote. Anything else is an <see cref="InvalidDataException"/>.</summary>
    public static IReadOnlyList<CrawlRecord> Decode(byte[] page)
    {
        try
        {
            using var reader = new BinaryReader(new MemoryStream(page), Encoding.UTF8);
            if (reader.ReadByte() != Format)
            {
                throw new InvalidDataException($"The page of a crawl has the format {page[0]}; {Format} is known.");
            }

            var records = new List<CrawlRecord>();
            for (var left = Math.Min(reader.Read7BitEncodedInt(), MaxRecords); left > 0; left--)
            {
                records.Add(Read(reader));
            }

            return records;
        }
        catch (Exception e) when (e is IOException or FormatException or ArgumentException)
        {
            throw new InvalidDataException("The page of a crawl is damaged.", e);
        }
    }

    private static void Write(BinaryWriter writer, CrawlRecord record)
    {
        var flags = (record.Id is null ? 0 : 1) | (record.RoundTrip is null ? 0 : 2) | (record.IsComplete ? 4 : 0) | (record.Since is null ? 0 : 8);
        writer.Write((byte)flags);
        writer.Write((byte)record.State);
        writer.Write((byte)record.Form);
        writer.Write(record.Endpoint.AddressHigh);
        writer.Write(record.Endpoint.AddressLow);
        writer.Write(record.Endpoint.Port);
        if (record.Id is { } id)
        {
            writer.Write(id.ToByteArray());
        }

        if (record.RoundTrip is { } roundTrip)
        {
            writer.Write7BitEncodedInt64(roundTrip.Ticks);
        }

        if (record.Since is { } since)
        {
            writer.Write(since.UtcTicks);
        }

        writer.Write7BitEncodedInt(record.Contacts);
        writer.Write7BitEncodedInt(record.Queries);
        writer.Write7BitEncodedInt(record.ClaimedIds.Count);
        foreach (var claimed in record.ClaimedIds)
        {
            writer.Write(claimed.ToByteArray());
        }
    }

    private static CrawlRecord Read(BinaryReader reader)
    {
        var flags = reader.ReadByte();
        var (state, form) = ((CrawlState)reader.ReadByte(), (AddressForm)reader.ReadByte());
        var record = new CrawlRecord
        {
            State = state,
            Form = form,
            IsComplete = (flags & 4) != 0,
            Endpoint = UdpEndpoint.FromHalves(reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadUInt16()),
            Id = (flags & 1) == 0 ? null : new NodeId(reader.ReadBytes(NodeId.Length)),
            RoundTrip = (flags & 2) == 0 ? null : new TimeSpan(reader.Read7BitEncodedInt64()),
            Since = (flags & 8) == 0 ? null : new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero),
            Contacts = reader.Read7BitEncodedInt(),
            Queries = reader.Read7BitEncodedInt(),
            ClaimedIds = reader.Read7BitEncodedInt() is var count && count <= CrawledNode.MaxClaimedIds
                ? [.. Enumerable.Range(0, count).Select(_ => new NodeId(reader.ReadBytes(NodeId.Length)))]
                : throw new FormatException($"A node has {count} other ids."),
        };
        return record.Id is null && record.IsReachable ? throw new FormatException("A node has no id.") : record;
    }
}
