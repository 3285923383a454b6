using System.Globalization;
using KadOrleans.Cli.Clients;
using KadOrleans.Cli.Output;
using KadOrleans.Core.Crawling;
using KadOrleans.Hosting.Crawling;
using KadOrleans.Node;
using KadOrleans.Node.Crawling;

namespace KadOrleans.Cli.Crawling;

/// <summary>Crawls, saves the state meanwhile, and prints the result.</summary>
internal sealed class CrawlSession(CommandIo io, CrawlSettings settings)
{
    // The time between saves: a killed process loses this much.
    private static readonly TimeSpan SaveInterval = TimeSpan.FromSeconds(1);

    private readonly DateTimeOffset _startedAt = DateTimeOffset.UtcNow;

    /// <summary>Runs to the end or until cancelled, and reports what was found in either case.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var crawl = new Crawl(
            new CrawlOptions { MaxNodes = settings.MaxNodes, Concurrency = settings.Concurrency, IgnoredId = DhtNode.ClientId },
            new CryptographicRandomSource());
        using var state = settings.Resume is { } path ? CrawlStateFile.Open(path, crawl.Restore) : null;
        if (settings.Via.Count == 0 && !crawl.Records.Any())
        {
            throw CommandException.WrongUsage("--via is missing: HOST:PORT of a node is needed to begin a crawl with.");
        }

        var targets = settings.Via.Count == 0 ? [] : await Target.ResolveAsync("--via", settings.Via, io, cancellationToken);
        foreach (var endpoint in targets.SelectMany(t => t.Endpoints))
        {
            crawl.Add(endpoint);
        }

        await using var client = await EphemeralClient.StartOnAllAsync(cancellationToken);
        var run = client.Engine.PrepareCrawl(crawl, settings.Rate);
        var finished = await new Progress(io, settings.Json).ShowAsync(() => Describe(run), () => RunAsync(run, state, cancellationToken));
        return Report(run, finished);
    }

    private static async Task<bool> RunAsync(CrawlRun run, CrawlStateFile? state, CancellationToken cancellationToken)
    {
        var running = run.RunAsync(cancellationToken);
        while (state is not null && !running.IsCompleted)
        {
            await Task.WhenAny(running, Task.Delay(SaveInterval, CancellationToken.None));
            state.Append(run.Read(crawl => crawl.TakeChanges()));
        }

        return await running;
    }

    private string Describe(CrawlRun run)
    {
        var counts = run.Read(crawl => crawl.Counts);
        var perSecond = run.Sent / Math.Max(1, (DateTimeOffset.UtcNow - _startedAt).TotalSeconds);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"Visited {counts.Visited:N0}, queued {counts.Waiting:N0}, unreachable {counts.Unreachable:N0}, {perSecond:N0} datagrams/s");
    }

    private int Report(CrawlRun run, bool finished)
    {
        var (records, counts) = run.Read(crawl => (crawl.Records.ToList(), crawl.Counts));
        var summary = CrawlSummary.Of(records);
        if (settings.Output is { } output)
        {
            WriteRows(output, records);
        }

        if (settings.Svg is { } svg)
        {
            CrawlFile.Write(svg, writer => new KeySpacePicture(records, summary, _startedAt).Write(writer));
        }

        var json = CrawlSummaryText.ToJson(summary, counts, run.Sent, finished);
        var printer = new ResultPrinter(io, settings.Json);
        if (!settings.Json)
        {
            PrintLines(CrawlSummaryText.ToLines(summary, counts));
        }

        if (!finished)
        {
            var hint = settings.Resume is { } file ? $" Continue with --resume {file}." : string.Empty;
            return printer.Fail(
                ExitCode.Failed,
                string.Create(CultureInfo.InvariantCulture, $"Stopped: {summary.Unfinished:N0} endpoints were not visited completely.{hint}"),
                json);
        }

        if (summary.Nodes == 0)
        {
            return printer.Fail(ExitCode.Unreachable, "No node answered.", json);
        }

        if (settings.Json)
        {
            printer.Json(json);
        }

        return ExitCode.Done;
    }

    private void WriteRows(string output, List<CrawlRecord> records)
    {
        if (output == "-")
        {
            CrawlRows.Write(io.Output, records, settings.IsCsv);
        }
        else
        {
            CrawlFile.Write(output, writer => CrawlRows.Write(writer, records, settings.IsCsv));
        }
    }

    /// <summary>To the standard output, unless the rows are there.</summary>
    private void PrintLines(IEnumerable<string> lines)
    {
        var writer = settings.Output == "-" ? io.Error : io.Output;
        foreach (var line in lines)
        {
            writer.WriteLine(line);
        }
    }
}

/// <summary>The settings of <c>kad crawl</c>.</summary>
internal sealed record CrawlSettings
{
    /// <summary>Nodes to begin with, as typed.</summary>
    public required IReadOnlyList<string> Via { get; init; }

    /// <summary>Datagrams per second.</summary>
    public required int Rate { get; init; }

    /// <summary>The most pending requests.</summary>
    public required int Concurrency { get; init; }

    /// <summary>The most endpoints remembered.</summary>
    public required int MaxNodes { get; init; }

    /// <summary>Where the rows go: a file, <c>-</c> for the standard output, or null for nowhere.</summary>
    public required string? Output { get; init; }

    /// <summary>Whether rows are CSV rather than JSON lines.</summary>
    public required bool IsCsv { get; init; }

    /// <summary>Where the picture goes, or null.</summary>
    public required string? Svg { get; init; }

    /// <summary>The state file, or null.</summary>
    public required string? Resume { get; init; }

    /// <summary>Whether the summary is JSON.</summary>
    public required bool Json { get; init; }
}
