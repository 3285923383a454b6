using System.Text;
using static KadOrleans.Lab.InvariantException;

namespace KadOrleans.Lab;

/// <summary>
/// What is kept of crawls: pages of records, files of them, and reports. What is read can be summed up, shown, gone on with and written again.
/// </summary>
internal sealed class CrawlFileTarget : IFuzzTarget
{
    public bool Run(ReadOnlySpan<byte> input)
    {
        var bytes = input.ToArray();
        RunFile(bytes);
        return RunPage(bytes) | RunReport(bytes);
    }

    private static bool RunPage(byte[] page)
    {
        if (Try(() => CrawlPage.Decode(page)) is not { } records)
        {
            return false;
        }

        var written = CrawlPage.Encode([.. records]);
        Require(CrawlPage.Encode([.. CrawlPage.Decode(written)]).AsSpan().SequenceEqual(written), "a written page is read as another");
        using var file = new MemoryStream();
        Completed.Wait(CrawlPages.AppendAsync(file, records));
        Require(records.Count == 0 || ReadFile(file.ToArray()).SequenceEqual(written), "a page of a file is read as another");
        Show(records);
        var crawl = new Crawl(new CrawlOptions(), new SeededRandomSource(1));
        foreach (var record in records)
        {
            crawl.Restore(record);
        }

        var restored = crawl.Counts;
        Require(
            restored.Reachable + restored.Waiting + restored.Unreachable + restored.NotNodes == crawl.Records.Count(),
            "a crawl that goes on counts other endpoints than it has");
        var merged = CrawlMerge.Merge([records, records], depth: 1);
        Require(merged.Select(record => record.Endpoint).Distinct().Count() == merged.Count, "merged slices have an endpoint twice");
        return records.Count > 0;
    }

    private static void Show(IReadOnlyList<CrawlRecord> records)
    {
        var summary = CrawlSummary.Of(records);
        Require(
            summary.Nodes + summary.Unreachable + summary.NotNodes + summary.Unfinished >= records.Count, "a record is in no line of the summary");
        Show(summary, default);
        foreach (var csv in (ReadOnlySpan<bool>)[true, false])
        {
            using var rows = new MemoryStream();
            Completed.Wait(CrawlRows.WriteAsync(rows, CrawlRows.Sort(records).ToAsyncEnumerable(), csv, CancellationToken.None));
        }

        var map = new CrawlMap(string.Empty);
        foreach (var record in records)
        {
            map.Add(record);
        }
    }

    private static void Show(CrawlSummary summary, CrawlCounts counts)
    {
        CrawlSummaryText.ToJson(summary, counts, datagrams: 1, finished: true).ToJsonString();
        Require(CrawlSummaryText.ToLines(summary, counts).All(line => line.Length > 0), "a summary has an empty line");
    }

    // A file with a wrong checksum ends there; each input is also read as the content of a page.
    private static void RunFile(byte[] bytes) => Try(() => ReadFile(bytes));

    private static byte[] ReadFile(byte[] file)
    {
        using var stream = new MemoryStream(file);
        var records = new List<CrawlRecord>();
        while (Completed.Get(CrawlPages.ReadAsync(stream)) is { } page)
        {
            records.AddRange(page);
        }

        return CrawlPage.Encode([.. records.Take(CrawlPage.MaxRecords)]);
    }

    private static bool RunReport(byte[] bytes)
    {
        if (Try(() => CrawlReportJson.Read(Encoding.UTF8.GetString(bytes))) is not { } report)
        {
            return false;
        }

        var written = CrawlReportJson.Write(report);
        Require(CrawlReportJson.Write(CrawlReportJson.Read(written)) == written, "a written report is read as another");
        ResultJson.Of(CrawlResult.Of(report)).ToJsonString();
        if (report.Summary is { } summary)
        {
            Show(summary, report.Counts);
        }

        return true;
    }

    /// <summary>What is read; null where that is said to be damaged.</summary>
    private static T? Try<T>(Func<T> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            return null;
        }
    }
}
