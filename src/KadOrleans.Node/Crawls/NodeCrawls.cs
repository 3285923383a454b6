using System.Runtime.CompilerServices;

namespace KadOrleans.Node;

internal sealed class NodeCrawls(Func<DhtNode> engine, ICrawlStore store, NodeEnvironment environment) : IAsyncDisposable
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(1);

    private readonly ILogger _logger = environment.LoggerFactory.CreateLogger<NodeCrawls>();
    private readonly CancellationTokenSource _stopping = new();

    // Only one is started. A stopped node starts none.
    private readonly Lock _gate = new();
    private volatile Running? _current;

    public CrawlReport Start(CrawlRequest request)
    {
        AdminArguments.Check(request);
        var node = engine();
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stopping.IsCancellationRequested, this);
            if (_current is { IsRunning: true } running)
            {
                return running.Report;
            }

            var (options, rate) = (new CrawlOptions(), request.Rate ?? node.Rules.Limits.CrawlRate);
            var run = node.PrepareCrawl(options with { MaxNodes = request.MaxNodes ?? options.MaxNodes }, rate);
            var begun = CrawlReport.Begin(_current?.Report, environment.Time.GetUtcNow(), rate, run.Options.MaxNodes, slices: 1);
            var crawl = new Running(run, begun, _stopping.Token);
            crawl.Ended = RunAsync(crawl);
            _current = crawl;
            return crawl.Report;
        }
    }

    public IAsyncEnumerable<CrawlReport> WatchAsync(string? id, CancellationToken cancellationToken) =>
        CrawlWatch.RunAsync(
            stop => GetAsync(id ??= Start(new CrawlRequest()).Id, stop),
            stop => Task.WhenAny(Find(id!)?.Ended ?? Task.CompletedTask, Task.Delay(ReportInterval, environment.Time, stop)),
            cancellationToken);

    public async Task<IReadOnlyList<CrawlReport>> ListAsync(CancellationToken cancellationToken)
    {
        // The running one first: it may be saved meanwhile.
        var current = _current?.Report;
        var kept = await store.ListAsync(cancellationToken);
        return [.. kept.Append(current).OfType<CrawlReport>().DistinctBy(report => report.Id).OrderByDescending(report => report.Id, StringComparer.Ordinal)];
    }

    public async IAsyncEnumerable<CrawlRecord> ReadAsync(string id, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var report = await GetAsync(id, cancellationToken);
        var records = Find(report.Id) is { IsRunning: true } crawl
            ? crawl.Run.Records.ToAsyncEnumerable()
            : store.ReadAsync(report.Id, cancellationToken);
        await foreach (var record in records.WithCancellation(cancellationToken))
        {
            yield return record;
        }
    }

    public async Task<bool> StopAsync(string id, CancellationToken cancellationToken)
    {
        var report = await GetAsync(id, cancellationToken);
        if (Find(report.Id) is not { IsRunning: true } crawl)
        {
            return false;
        }

        await crawl.Stop.CancelAsync();
        await crawl.Ended.WaitAsync(cancellationToken);
        return true;
    }

    /// <summary>Stops the running crawl and keeps it. Called before the engine stops.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _stopping.Cancel();
        }

        await (_current?.Ended ?? Task.CompletedTask);
    }

    private Running? Find(string id) => _current is { } current && current.Id == id ? current : null;

    private async Task<CrawlReport> GetAsync(string id, CancellationToken cancellationToken) =>
        Find(id)?.Report
        ?? (await store.ListAsync(cancellationToken)).FirstOrDefault(report => report.Id == id)
        ?? throw AdminArguments.UnknownCrawl(id);

    private async Task RunAsync(Running crawl)
    {
        await Task.Yield();
        try
        {
            var isDone = await crawl.Run.RunAsync(crawl.Stop.Token);
            var found = crawl.Run.Records;

            // The node itself was not asked.
            var phase = !isDone ? CrawlPhase.Stopped
                : found.Exists(record => record is { IsReachable: true, RoundTrip: not null }) ? CrawlPhase.Finished
                : CrawlPhase.Failed;
            var kept = await store.ListAsync();
            var then = kept.LastOrDefault(report => report.Phase == CrawlPhase.Finished) is { } last ? await store.ReadAsync(last.Id).ToListAsync() : [];
            var (report, records) = (crawl.Report with { SlicesDone = isDone ? 1 : 0 }).End(phase, found, kept, then, environment.Time.GetUtcNow());
            await store.SaveAsync(report, records);
            crawl.End(report);
            _logger.CrawlEnded(report.Id, report.Phase, report.Counts.Reachable, report.Counts.Unreachable);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            var report = crawl.Report with { Phase = CrawlPhase.Failed, EndedAt = environment.Time.GetUtcNow(), Edges = 0, Problem = e.Message };
            crawl.End(report);
            _logger.CrawlFailed(report.Id, e);
        }
    }

    private sealed class Running(CrawlRun run, CrawlReport begun, CancellationToken stopping)
    {
        private volatile CrawlReport? _last;

        public CrawlRun Run => run;

        public bool IsRunning => _last is null;

        public string Id => begun.Id;

        public CancellationTokenSource Stop { get; } = CancellationTokenSource.CreateLinkedTokenSource(stopping);

        public Task Ended { get; set; } = Task.CompletedTask;

        public CrawlReport Report => _last ?? begun with { Edges = 1, Datagrams = run.Sent, Counts = run.Counts };

        public void End(CrawlReport report) => _last = report;
    }
}
