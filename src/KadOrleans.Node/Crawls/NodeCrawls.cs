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
            crawl.Ended = RunAsync(crawl, run);
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
        var records = Find(report.Id)?.Run is { } run ? run.Records.ToAsyncEnumerable() : store.ReadAsync(report.Id, cancellationToken);
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

        crawl.Stop();
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

    private async Task<CrawlReport> GetAsync(string id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(id);
        return Find(id)?.Report
            ?? (await store.ListAsync(cancellationToken)).FirstOrDefault(report => report.Id == id)
            ?? throw AdminArguments.UnknownCrawl(id);
    }

    private async Task RunAsync(Running crawl, CrawlRun run)
    {
        await Task.Yield();
        try
        {
            var isDone = await run.RunAsync(crawl.Stopping);
            var found = run.Records;

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

    /// <summary>A crawl, of which only the report is left when it has ended: the store has what it found.</summary>
    private sealed class Running
    {
        private readonly CrawlReport _begun;
        private readonly CancellationTokenSource _stop;

        // Guards the end, after which nobody may cancel any more.
        private readonly Lock _gate = new();
        private volatile CrawlRun? _run;
        private CrawlReport? _last;

        public Running(CrawlRun run, CrawlReport begun, CancellationToken stopping)
        {
            (_run, _begun, _stop) = (run, begun, CancellationTokenSource.CreateLinkedTokenSource(stopping));
            Stopping = _stop.Token;
        }

        /// <summary>Null when it has ended.</summary>
        public CrawlRun? Run => _run;

        public bool IsRunning => _run is not null;

        public string Id => _begun.Id;

        public CancellationToken Stopping { get; }

        public Task Ended { get; set; } = Task.CompletedTask;

        public CrawlReport Report => _run is { } run ? _begun with { Edges = 1, Datagrams = run.Sent, Counts = run.Counts } : _last!;

        public void Stop()
        {
            lock (_gate)
            {
                if (IsRunning)
                {
                    _stop.Cancel();
                }
            }
        }

        public void End(CrawlReport report)
        {
            lock (_gate)
            {
                (_last, _run) = (report, null);
                _stop.Dispose();
            }
        }
    }
}
