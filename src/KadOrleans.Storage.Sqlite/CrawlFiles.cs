using System.Runtime.CompilerServices;

namespace KadOrleans.Storage.Sqlite;

// Keeps each crawl in two files: what was found, as pages, and then the report. In the database it would make that several times
// as large. A crawl without a report does not exist. Calls to save come one after another.
internal sealed partial class CrawlFiles(string folder, ILogger<CrawlFiles> logger) : ICrawlStore
{
    /// <summary>Their folder in that of the database.</summary>
    public const string Folder = "crawls";

    private const string ReportSuffix = ".json";
    private const string PagesSuffix = ".nodes";
    private const string UnfinishedSuffix = ".tmp";

    /// <summary>The longest report that is read: with all its examples it has some 100 kB.</summary>
    private const int MaxReport = 4 << 20;

    public async ValueTask<IReadOnlyList<CrawlReport>> ListAsync(CancellationToken cancellationToken = default)
    {
        var reports = new List<CrawlReport>();
        foreach (var id in Names())
        {
            if (await TryAsync(id, () => ReadReportAsync(PathOf(id, ReportSuffix), cancellationToken)) is { } report)
            {
                reports.Add(report);
            }
        }

        return reports;
    }

    public async IAsyncEnumerable<CrawlRecord> ReadAsync(string id, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        // No other text may become a path.
        if (!CrawlReport.IsName(id) || !File.Exists(PathOf(id, PagesSuffix)))
        {
            yield break;
        }

        await using var file = new FileStream(
            PathOf(id, PagesSuffix), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 16, FileOptions.Asynchronous);
        while (await TryAsync(id, () => CrawlPages.ReadAsync(file, cancellationToken)) is { } page)
        {
            foreach (var record in page)
            {
                yield return record;
            }
        }
    }

    public async ValueTask SaveAsync(CrawlReport report, IReadOnlyList<CrawlRecord> records, CancellationToken cancellationToken = default)
    {
        try
        {
            PrivateFile.CreateFolder(folder);
            var json = System.Text.Encoding.UTF8.GetBytes(CrawlReportJson.Write(report));
            await WriteAsync(PathOf(report.Id, PagesSuffix), file => CrawlPages.AppendAsync(file, records, cancellationToken));
            await WriteAsync(PathOf(report.Id, ReportSuffix), file => file.WriteAsync(json, 0, json.Length, cancellationToken));
            RemoveOld();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KeyStoreException($"The crawl {report.Id} cannot be kept in '{folder}': {e.Message}", e);
        }
    }

    private static async Task WriteAsync(string path, Func<FileStream, Task> write)
    {
        var unfinished = path + UnfinishedSuffix;
        try
        {
            await using (var file = PrivateFile.Create(unfinished, 1 << 16, FileOptions.Asynchronous))
            {
                await write(file);
                file.Flush(flushToDisk: true);
            }

            File.Move(unfinished, path, overwrite: true);
        }
        finally
        {
            File.Delete(unfinished);
        }
    }

    private string PathOf(string id, string suffix) => Path.Combine(folder, id + suffix);

    private List<string> Names() => Directory.Exists(folder)
        ? [.. Directory.EnumerateFiles(folder, "*" + ReportSuffix).Select(path => Path.GetFileNameWithoutExtension(path)).Where(CrawlReport.IsName).Order(StringComparer.Ordinal)]
        : [];

    private void RemoveOld()
    {
        foreach (var id in Names().SkipLast(CrawlReport.MaxKept))
        {
            File.Delete(PathOf(id, ReportSuffix));
        }

        var kept = Names().ToHashSet();
        foreach (var path in Directory.EnumerateFiles(folder))
        {
            var (id, kind) = (Path.GetFileNameWithoutExtension(path), Path.GetExtension(path));
            if (kind == UnfinishedSuffix || (kind == PagesSuffix && !kept.Contains(id)))
            {
                File.Delete(path);
            }
        }
    }

    private static async Task<CrawlReport?> ReadReportAsync(string path, CancellationToken cancellationToken) =>
        new FileInfo(path).Length > MaxReport
            ? throw new InvalidDataException("It is too long.")
            : CrawlReportJson.Read(await File.ReadAllTextAsync(path, cancellationToken));

    /// <summary>What is read; null where it is damaged.</summary>
    private async Task<T?> TryAsync<T>(string id, Func<Task<T?>> read)
        where T : class
    {
        try
        {
            return await read();
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            LogDamaged(id, e.Message);
            return null;
        }
    }

    [LoggerMessage(5011, LogLevel.Warning, "The crawl {Id} cannot be read, or not to its end: {Problem}")]
    private partial void LogDamaged(string id, string problem);
}
