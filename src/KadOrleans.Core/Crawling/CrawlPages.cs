namespace KadOrleans.Core;

/// <summary>
/// A file of a crawl: each <see cref="CrawlPage"/> after its length, and the checksum of both. A loss of power may leave other bytes than
/// those that were written.
/// </summary>
internal static class CrawlPages
{
    /// <summary>More than <see cref="CrawlPage.MaxRecords"/> records take.</summary>
    private const int MaxLength = 1 << 20;

    private const int HeaderLength = 2 * sizeof(uint);

    public static async Task AppendAsync(Stream file, IEnumerable<CrawlRecord> records, CancellationToken cancellationToken = default)
    {
        foreach (var page in CrawlPage.EncodeAll(records))
        {
            var written = new byte[HeaderLength + page.Length];
            BinaryPrimitives.WriteInt32LittleEndian(written, page.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(written.AsSpan(sizeof(int)), Checksum.Of(page.Length, page));
            page.CopyTo(written.AsSpan(HeaderLength));
            await file.WriteAsync(written, cancellationToken);
        }
    }

    /// <summary>Null at the end.</summary>
    /// <exception cref="EndOfStreamException">The writer was killed within a page.</exception>
    /// <exception cref="InvalidDataException">These are not the bytes of a page that were written.</exception>
    public static async Task<IReadOnlyList<CrawlRecord>?> ReadAsync(Stream file, CancellationToken cancellationToken = default)
    {
        var header = new byte[HeaderLength];
        if (await file.ReadAsync(header.AsMemory(0, 1), cancellationToken) == 0)
        {
            return null;
        }

        await file.ReadExactlyAsync(header.AsMemory(1), cancellationToken);
        var length = BinaryPrimitives.ReadInt32LittleEndian(header);
        if (length is < 1 or > MaxLength)
        {
            throw new InvalidDataException($"The page of a crawl has {length} bytes; 1 to {MaxLength} are allowed.");
        }

        var page = new byte[length];
        await file.ReadExactlyAsync(page, cancellationToken);
        return BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(sizeof(int))) == Checksum.Of(length, page)
            ? CrawlPage.Decode(page)
            : throw new InvalidDataException("The page of a crawl has another checksum.");
    }
}
