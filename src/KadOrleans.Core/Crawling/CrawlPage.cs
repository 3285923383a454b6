using System.Text;

namespace KadOrleans.Core;

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
            var count = reader.Read7BitEncodedInt();
            if (count is < 0 or > MaxRecords)
            {
                throw new InvalidDataException($"The page of a crawl has {count} records; at most {MaxRecords} are allowed.");
            }

            while (records.Count < count)
            {
                records.Add(Read(reader));
            }

            return reader.BaseStream.Position == page.Length ? records : throw new InvalidDataException("The page of a crawl does not end behind its records.");
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
        return FindProblem(record) is { } problem ? throw new FormatException(problem) : record;
    }

    // What no crawl writes would be counted nowhere, or break who goes on with it.
    private static string? FindProblem(CrawlRecord record) =>
        !Enum.IsDefined(record.State) || !Enum.IsDefined(record.Form) ? $"A record has the state {record.State} and the form of addresses {record.Form}."
        : record.Id is null && record.IsReachable ? "A node has no id."
        : record.Contacts < 0 || record.Queries < 0 || record.RoundTrip < TimeSpan.Zero ? "A record has a negative number."
        : null;
}
