namespace KadOrleans.Cli;

// Keeps a crawl in a file that grows: a line with the format, and then pages of what changed, as nodes keep crawls. The last
// record of an endpoint counts. A killed process leaves at worst half a page at the end, and a loss of power zeros or other bytes. The next
// crawl cuts off what follows the last whole page, and visits those nodes again.
public sealed class CrawlStateFile(FileStream file, long cut) : IAsyncDisposable
{
    /// <summary>How many bytes were cut off when it was opened.</summary>
    public long Cut => cut;

    private static readonly byte[] Header = [.. "{\"format\":\"kad-crawl\",\"version\":3}\n"u8];

    // Opens or creates a file, and passes its records on. A file that is not a crawl's state, is in use or may not be opened is wrong usage.
    public static async Task<CrawlStateFile> OpenAsync(string path, Action<CrawlRecord> restore)
    {
        FileStream? opened = null;
        try
        {
            opened = PrivateFile.OpenOrCreate(path);
            return new CrawlStateFile(opened, await ReadAsync(opened, restore));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or InvalidDataException)
        {
            opened?.Dispose();
            throw CommandException.WrongUsage(
                e is InvalidDataException
                    ? $"--resume: '{path}' is not the state of a crawl by this release."
                    : $"--resume: '{path}' cannot be opened ({e.Message.TrimEnd('.')}).",
                e);
        }
    }

    /// <summary>Appends changes. They are safe from the end of this process when this returns.</summary>
    public async Task AppendAsync(IReadOnlyList<CrawlRecord> changes)
    {
        await CrawlPages.AppendAsync(file, changes);
        await file.FlushAsync();
    }

    public ValueTask DisposeAsync() => file.DisposeAsync();

    private static async Task<long> ReadAsync(FileStream file, Action<CrawlRecord> restore)
    {
        var start = new byte[Header.Length];
        var whole = (long)await file.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false);
        if (!Header.AsSpan().StartsWith(start.AsSpan(0, (int)whole)))
        {
            throw new InvalidDataException("The first line is not a crawl's.");
        }

        await file.WriteAsync(Header.AsMemory((int)whole));
        whole = Header.Length;
        try
        {
            for (; await CrawlPages.ReadAsync(file) is { } page; whole = file.Position)
            {
                foreach (var record in page)
                {
                    restore(record);
                }
            }
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException)
        {
            var cut = file.Length - whole;
            file.SetLength(whole);
            file.Position = whole;
            return cut;
        }

        return 0;
    }
}
