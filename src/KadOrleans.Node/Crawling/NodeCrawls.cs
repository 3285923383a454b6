using System.Runtime.CompilerServices;
using KadOrleans.Core.Crawling;
using KadOrleans.Node.Diagnostics;
using KadOrleans.Node.Ports;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Node.Crawling;

/// <summary>The crawls of a node: one that runs, and the kept ones.</summary>
/// <param name="engine">Returns the engine of a started node.</param>
/// <param name="store">Keeps those that ended.</param>
/// <param name="environment">Time, randomness, logging.</param>
internal sealed class NodeCrawls(Func<DhtNode> engine, ICrawlStore store, NodeEnvironment environment) : IAsyncDisposable
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(1);

    private readonly ILogger _logger = environment.LoggerFactory.CreateLogger<NodeCrawls>();
    private readonly CancellationTokenSource _stopping = new();

    // Guards _current.
    private readonly Lock _gate = new();
    private Running? _current;

    /// <summary>Starts a crawl, or returns the report of the one that runs.</summary>
    public CrawlReport Start(CrawlRequest request)
    {
        AdminArguments.Check(request);
        var node = engine();
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stopping.IsCancellationRequested, this);
            if (_current is { Ended.IsCompleted: false } running)
            {
                return running.Report();
            }

            var now = CrawlReport.StartAfter(_current?.Report(), environment.Time.GetUtcNow());
            var crawl = new Running(CrawlReport.NameOf(now), now, request, request.Rate ?? node.Rules.Limits.CrawlRate, _stopping.Token);
            crawl.Ended = RunAsync(node, crawl);
            _current = crawl;
            return crawl.Report();
        }
    }

    /// <inheritdoc cref="IDhtAdmin.CrawlAsync"/>
    public async IAsyncEnumerable<CrawlReport> WatchAsync(string? id, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var name = id ?? Start(new CrawlRequest()).Id;
        CrawlReport? shown = null;
        while (Find(name) is { } crawl)
        {
            var report = crawl.Report();
            if (report.Phase != CrawlPhase.Running)
            {
                break;
            }

            if (report != shown)
            {
                yield return shown = report;
            }

            await Task.WhenAny(crawl.Ended, Task.Delay(ReportInterval, environment.Time, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }

        yield return await GetAsync(name, cancellationToken);
    }

    /// <inheritdoc cref="IDhtAdmin.GetCrawlsAsync"/>
    public async Task<IReadOnlyList<CrawlReport>> ListAsync(CancellationToken cancellationToken)
    {
        // The running one first: it may be saved meanwhile.
        var current = Current?.Report();
        var kept = await store.ListAsync(cancellationToken);
        return [.. kept.Append(current).OfType<CrawlReport>().DistinctBy(report => report.Id).OrderByDescending(report => report.Id, StringComparer.Ordinal)];
    }

    /// <inheritdoc cref="IDhtAdmin.ReadCrawlAsync"/>
    public async IAsyncEnumerable<CrawlRecord> ReadAsync(string id, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var report = await GetAsync(id, cancellationToken);
        var records = Find(report.Id) is { Ended.IsCompleted: false } crawl
            ? crawl.Records().ToAsyncEnumerable()
            : store.ReadAsync(report.Id, cancellationToken);
        await foreach (var record in records.WithCancellation(cancellationToken))
        {
            yield return record;
        }
    }

    /// <inheritdoc cref="IDhtAdmin.StopCrawlAsync"/>
    public async Task<bool> StopAsync(string id, CancellationToken cancellationToken)
    {
        var report = await GetAsync(id, cancellationToken);
        if (Find(report.Id) is not { Ended.IsCompleted: false } crawl)
        {
            return false;
        }

        await crawl.Stop.CancelAsync();
        await crawl.Ended.WaitAsync(cancellationToken);
        return true;
    }

    /// <summary>Stops the crawl that runs and keeps it. Call it before the engine stops.</summary>
    public async ValueTask DisposeAsync()
    {
        Running? last;
        lock (_gate)
        {
            _stopping.Cancel();
            last = _current;
        }

        await (last?.Ended ?? Task.CompletedTask);
    }

    private Running? Current
    {
        get
        {
            lock (_gate)
            {
                return _current;
            }
        }
    }

    private Running? Find(string id) => Current is { } current && current.Id == id ? current : null;

    private async Task<CrawlReport> GetAsync(string id, CancellationToken cancellationToken) =>
        (await ListAsync(cancellationToken)).FirstOrDefault(report => report.Id == id) ?? throw AdminArguments.UnknownCrawl(id);

    private async Task RunAsync(DhtNode node, Running crawl)
    {
        await Task.Yield();
        try
        {
            await KeepAsync(crawl, await VisitAsync(node, crawl));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            crawl.Fail(e.Message, environment.Time.GetUtcNow());
            _logger.CrawlFailed(crawl.Id, e);
        }
    }

    private async Task<bool> VisitAsync(DhtNode node, Running crawl)
    {
        try
        {
            crawl.Run = await RegionCrawl.PrepareAsync(node, crawl.Options, crawl.Rate, environment, crawl.Stop.Token);
            return await crawl.Run.RunAsync(crawl.Stop.Token);
        }
        catch (OperationCanceledException) when (crawl.Stop.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task KeepAsync(Running crawl, bool isDone)
    {
        var found = crawl.Records();
        var finished = (await store.ListAsync(CancellationToken.None)).Where(report => report.Phase == CrawlPhase.Finished).ToList();
        var phase = !isDone ? CrawlPhase.Stopped : found.Exists(IsOther) ? CrawlPhase.Finished : CrawlPhase.Failed;
        var then = phase == CrawlPhase.Finished && finished.Count > 0 ? await store.ReadAsync(finished[^1].Id).ToListAsync() : [];
        var (report, records) = (crawl.Report() with { SlicesDone = isDone ? 1 : 0 }).End(phase, found, finished, then, environment.Time.GetUtcNow());
        await store.SaveAsync(report, records);
        crawl.End(report);
        _logger.CrawlEnded(crawl.Id, report.Phase, report.Counts.Reachable, report.Counts.Unreachable);
    }

    // The node itself was not asked.
    private static bool IsOther(CrawlRecord record) => record is { IsReachable: true, RoundTrip: not null };

    /// <summary>A crawl of this process.</summary>
    private sealed class Running(string id, DateTimeOffset startedAt, CrawlRequest request, int rate, CancellationToken stopping)
    {
        private volatile CrawlReport? _last;

        public string Id => id;

        public CrawlOptions Options { get; } = request.MaxNodes is { } most ? new CrawlOptions { MaxNodes = most } : new CrawlOptions();

        public int Rate => rate;

        public CancellationTokenSource Stop { get; } = CancellationTokenSource.CreateLinkedTokenSource(stopping);

        /// <summary>The requests, once there are any.</summary>
        public CrawlRun? Run { get; set; }

        /// <summary>Completes when the crawl has ended and is kept.</summary>
        public Task Ended { get; set; } = Task.CompletedTask;

        public CrawlReport Report() => _last ?? new CrawlReport
        {
            Id = id,
            Phase = CrawlPhase.Running,
            StartedAt = startedAt,
            Rate = Rate,
            MaxNodes = Options.MaxNodes,
            Slices = 1,
            Edges = 1,
            Datagrams = Run?.Sent ?? 0,
            Counts = Run?.Read(crawl => crawl.Counts) ?? default,
        };

        public List<CrawlRecord> Records() => Run?.Read(crawl => crawl.Records.ToList()) ?? [];

        public void End(CrawlReport report) => _last = report;

        public void Fail(string problem, DateTimeOffset now) =>
            _last = Report() with { Phase = CrawlPhase.Failed, EndedAt = now, Edges = 0, Problem = problem };
    }
}
