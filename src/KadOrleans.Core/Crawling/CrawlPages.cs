namespace KadOrleans.Core;

/// <summary>A file of a crawl: each <see cref="CrawlPage"/> after its length.</summary>
internal static class CrawlPages
{
    /// <summary>More than <see cref="CrawlPage.MaxRecords"/> records take.</summary>
    private const int MaxLength = 1 << 20;

    public static async Task AppendAsync(Stream file, IEnumerable<CrawlRecord> records, CancellationToken cancellationToken = default)
    {
        foreach (var page in CrawlPage.EncodeAll(records))
        {
            await file.WriteAsync((byte[])[.. BitConverter.GetBytes(page.Length), .. page], cancellationToken);
        }
    }

    /// <summary>Null at the end. An <see cref="EndOfStreamException"/> if the writer was killed within a page.</summary>
    public static async Task<IReadOnlyList<CrawlRecord>?> ReadAsync(Stream file, CancellationToken cancellationToken = default)
    {
        var header = new byte[sizeof(int)];
        if (await file.ReadAsync(header.AsMemory(0, 1), cancellationToken) == 0)
        {
            return null;
        }

        await file.ReadExactlyAsync(header.AsMemory(1), cancellationToken);
        var length = BitConverter.ToInt32(header);
        if (length is < 1 or > MaxLength)
        {
            throw new InvalidDataException($"The page of a crawl has {length} bytes; 1 to {MaxLength} are allowed.");
        }

        var page = new byte[length];
        await file.ReadExactlyAsync(page, cancellationToken);
        return CrawlPage.Decode(page);
    }
}
