namespace KadOrleans.Cli;

internal static class CrawlCommand
{
    private static readonly CrawlOptions Defaults = new();

    public static Command Create(CommandIo io)
    {
        var via = CommonOptions.Repeatable("--via", "HOST:PORT", "A node to begin with. Repeatable. Needed unless --resume has nodes.");
        var rate = new NumberOption("--rate", "Datagrams per second", 1, CrawlOptions.HighestRate, CrawlOptions.DefaultRate);
        var concurrency = new NumberOption(
            "--concurrency", "Pending requests, at most one to an address", 1, CrawlOptions.HighestConcurrency, Defaults.Concurrency);
        var maxNodes = new NumberOption(
            "--max-nodes", "Most addresses to remember, against liars who invent nodes", 1, CrawlOptions.HighestMaxNodes, Defaults.MaxNodes);
        var output = CommonOptions.Text("--output", "FILE", "Write a row for each address to this file; - is the standard output.");
        var format = CommonOptions.Text("--format", "FORMAT", "Format of the rows: jsonl or csv. [default: jsonl]");
        var svg = CommonOptions.Text("--svg", "FILE", "Draw the key space in this file.");
        var resume = CommonOptions.Text("--resume", "FILE", "Keep the state in this file, and continue from it if it exists.");
        return new ExampleCommand("crawl", "Visit every node of the network that can be reached.")
        {
            Examples =
            [
                "kad crawl --via 127.0.0.1:8468",
                "kad crawl --via node.example.org:8468 --rate 500 --output nodes.jsonl --svg network.svg --resume crawl.state",
                "kad crawl --via node.example.org:8468 --output - --format csv",
            ],
            Notes = "Each node is asked for all of its contacts, within the rate. Ctrl-C stops the crawl and prints what was found.",
        }.With(via, rate, concurrency, maxNodes, output, format, svg, resume).Runs((parsed, json, cancellationToken) =>
        {
            var settings = new CrawlSettings(
                parsed.GetValue(via) ?? [],
                new CrawlOptions { Concurrency = concurrency.Read(parsed), MaxNodes = maxNodes.Read(parsed) },
                rate.Read(parsed),
                parsed.GetValue(output),
                ParseFormat(parsed.GetValue(format)),
                parsed.GetValue(svg),
                parsed.GetValue(resume),
                json);
            Check(settings);
            return new CrawlSession(io, settings).RunAsync(cancellationToken);
        });
    }

    private static bool ParseFormat(string? format) => format switch
    {
        null or "jsonl" => false,
        "csv" => true,
        _ => throw CommandException.WrongUsage($"--format is '{format}'; jsonl or csv is allowed."),
    };

    private static void Check(CrawlSettings settings)
    {
        CommonOptions.CheckOutput(settings.Json, settings.Output, "--output -");
        (string Option, string? Path)[] files = [("--output", settings.Output), ("--svg", settings.Svg), ("--resume", settings.Resume)];
        foreach (var (option, path) in files)
        {
            if (path is not null && (option, path) is not ("--output", "-"))
            {
                CheckFile(option, path);
            }
        }
    }

    /// <summary>Checks before a crawl whether a file can be written, as an hour of crawling must not end in a folder that takes none.</summary>
    private static void CheckFile(string option, string path)
    {
        if (Directory.Exists(path) || string.IsNullOrWhiteSpace(path))
        {
            throw CommandException.WrongUsage($"{option} is '{path}'; the path of a file is needed.");
        }

        var folder = Path.GetDirectoryName(Path.GetFullPath(path));
        if (!Directory.Exists(folder))
        {
            throw CommandException.WrongUsage($"{option} is '{path}'; the folder '{folder}' does not exist.");
        }

        if (File.Exists(path))
        {
            // A pipe must not be opened twice.
            return;
        }

        try
        {
            using var probe = new FileStream(
                $"{path}.{Guid.NewGuid():N}.tmp", FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandException.WrongUsage($"{option} is '{path}', which cannot be written: {e.Message}", e);
        }
    }
}

internal sealed record CrawlSettings(
    IReadOnlyList<string> Via, CrawlOptions Options, int Rate, string? Output, bool IsCsv, string? Svg, string? Resume, bool Json);

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
        if (settings.Via.Count == 0 && run.Records.Count == 0)
        {
            throw CommandException.WrongUsage("--via is missing: HOST:PORT of a node is needed to begin a crawl with.");
        }

        var targets = settings.Via.Count == 0 ? [] : await Target.ResolveAsync("--via", settings.Via, io, cancellationToken);
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

// Keeps a crawl in a file that grows: a line with the format, and then pages of what changed, as nodes keep crawls. The last
// record of an endpoint counts. A killed process leaves at worst half a page at the end, which the next one cuts off.
public sealed class CrawlStateFile(FileStream file) : IAsyncDisposable
{
    private static readonly byte[] Header = [.. "{\"format\":\"kad-crawl\",\"version\":2}\n"u8];

    // Opens or creates a file, and passes its records on. A file that is damaged, is not a crawl's state, is in use or may not be
    // opened is wrong usage.
    public static async Task<CrawlStateFile> OpenAsync(string path, Action<CrawlRecord> restore)
    {
        FileStream? opened = null;
        try
        {
            opened = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            await ReadAsync(opened, restore);
            return new CrawlStateFile(opened);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or InvalidDataException)
        {
            opened?.Dispose();
            throw CommandException.WrongUsage(
                e is InvalidDataException
                    ? $"--resume: '{path}' is damaged, or not the state of a crawl by this release."
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

    private static async Task ReadAsync(FileStream file, Action<CrawlRecord> restore)
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
        catch (EndOfStreamException)
        {
            file.SetLength(whole);
            file.Position = whole;
        }
    }
}
