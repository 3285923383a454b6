namespace KadOrleans.Cli;

internal sealed record CrawlSettings(
    NamedNodes Via, CrawlOptions Options, int Rate, string? Output, bool IsCsv, string? Svg, string? Resume, bool Json);

internal sealed class CrawlSession(CommandIo io, CrawlSettings settings)
{
    // The time between saves: a killed process loses this much.
    private static readonly TimeSpan SaveInterval = TimeSpan.FromSeconds(1);

    private readonly DateTimeOffset _startedAt = DateTimeOffset.UtcNow;

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await using var client = await EphemeralClient.StartOnAllAsync(cancellationToken);
        var run = client.Engine.PrepareCrawl(settings.Options, settings.Rate);
        await using var state = settings.Resume is { } path
            ? await CrawlStateFile.OpenAsync(path, record => run.Change(crawl => crawl.Restore(record)))
            : null;
        if (state is { Cut: > 0 })
        {
            io.Say($"--resume: the last {state.Cut} bytes of '{settings.Resume}' were not written whole, and are cut off; the nodes in them are visited again.");
        }

        if (settings.Via.Nodes.Count == 0 && run.Records.Count == 0)
        {
            throw CommandException.WrongUsage(
                $"No node to begin with is given; --via HOST:PORT, or {ViaOption.Variable} of the environment, is needed.");
        }

        var targets = settings.Via.Nodes.Count == 0 ? [] : await Target.ResolveAsync(settings.Via.Name, settings.Via.Nodes, io, cancellationToken);
        foreach (var endpoint in targets.SelectMany(t => t.Endpoints))
        {
            run.Change(crawl => crawl.Add(endpoint));
        }

        var finished = await new Progress(io, settings.Json).ShowAsync(() => Describe(run), () => RunAsync(run, state, cancellationToken));
        return await ReportAsync(run, finished);
    }

    private static async Task<bool> RunAsync(CrawlRun run, CrawlStateFile? state, CancellationToken cancellationToken)
    {
        var running = run.RunAsync(cancellationToken);
        while (state is not null && !running.IsCompleted)
        {
            await Task.WhenAny(running, Task.Delay(SaveInterval, CancellationToken.None));
            await state.AppendAsync(run.Read(crawl => crawl.TakeChanges()));
        }

        return await running;
    }

    private string Describe(CrawlRun run)
    {
        var counts = run.Counts;
        var perSecond = run.Sent / Math.Max(1, (DateTimeOffset.UtcNow - _startedAt).TotalSeconds);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"Visited {counts.Visited:N0}, queued {counts.Waiting:N0}, unreachable {counts.Unreachable:N0}, {perSecond:N0} datagrams/s");
    }

    private async Task<int> ReportAsync(CrawlRun run, bool finished)
    {
        var (records, counts) = run.Read(crawl => (crawl.Records.ToList(), crawl.Counts));
        var summary = CrawlSummary.Of(records);
        await WriteAsync(settings.Output, stream => CrawlRows.WriteAsync(
            stream, CrawlRows.Sort(records).ToAsyncEnumerable(), settings.IsCsv, CancellationToken.None));
        await WriteAsync(settings.Svg is { } svg ? Path.GetFullPath(svg) : null, async stream =>
        {
            await using var writer = new StreamWriter(stream, leaveOpen: true);
            new KeySpacePicture(records, summary, _startedAt).Write(writer);
        });
        var json = CrawlSummaryText.ToJson(summary, counts, run.Sent, finished);
        var printer = new ResultPrinter(io, settings.Json);
        foreach (var line in settings.Json ? [] : CrawlSummaryText.ToLines(summary, counts))
        {
            // The rows may be on the standard output.
            (settings.Output == StateFile.Standard ? io.Error : io.Output).WriteLine(line);
        }

        if (!finished)
        {
            var hint = settings.Resume is { } file ? $" Continue with --resume {file}." : string.Empty;
            return printer.Fail(
                ExitCode.Failed,
                string.Create(CultureInfo.InvariantCulture, $"Stopped: {summary.Unfinished:N0} endpoints were not visited completely.{hint}"),
                json);
        }

        return summary.Nodes == 0 ? printer.Fail(ExitCode.Unreachable, "No node answered.", json) : printer.Print(json, () => { });
    }

    private Task WriteAsync(string? path, Func<Stream, Task> write) => path switch
    {
        null => Task.CompletedTask,
        StateFile.Standard => write(io.OutputBytes),
        _ => StateFile.WriteAsync(path, async stream =>
        {
            await write(stream);
            return true;
        }),
    };
}
