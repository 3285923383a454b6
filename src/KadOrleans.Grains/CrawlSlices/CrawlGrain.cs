namespace KadOrleans.Grains;

[Reentrant]
internal sealed class CrawlGrain(
    IOptions<KadClusterOptions> options,
    CrawlTiming timing,
    ClusterLimits limits,
    IRandomSource random,
    [FromKeyedServices(GrainStorageName.Kad)] IGrainStorage storage,
    [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time,
    IGrainFactory grains,
    KnownEdges edges,
    ILogger<CrawlGrain> logger) : Grain, ICrawlGrain, IRemindable
{
    /// <summary>The prefix of the reminder that starts crawls. The interval follows, so a changed setting makes another reminder.</summary>
    public const string Periodic = "crawl-each-";

    /// <summary>Activates the grain while a crawl runs, so that the death of a silo does not end it.</summary>
    public const string Resume = "crawl-resume";

    /// <summary>How often <see cref="Resume"/> ticks: the shortest period of reminders.</summary>
    private static readonly TimeSpan ResumePeriod = TimeSpan.FromMinutes(1);

    private readonly KadClusterOptions _options = options.Value;
    private readonly CrawlEdges _edges = new(grains, edges, time, options.Value.EdgeTimeout, logger);
    private CrawlArchive _archive = null!;
    private ClusterCrawl? _current;
    private IGrainTimer? _timer;
    private Task<CrawlReport>? _starting;
    private bool _isStopping;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _archive = new CrawlArchive(new GrainRecordStorage(storage, this.GetGrainId(), time, _options.StorageTimeout));
        await _archive.LoadAsync();
        if (_archive.Crawls.FirstOrDefault(crawl => crawl.Report.Phase == CrawlPhase.Running) is { } running)
        {
            logger.CrawlResumed(running.Report.Id);
            Run(running);
        }
    }

    public async ValueTask<string> StartAsync(int? rate, int? maxNodes) =>
        CrawlReportJson.Write(_current?.Report ?? await BeginAsync(rate ?? limits.Values.CrawlRate, maxNodes ?? _options.CrawlMaxNodes));

    public ValueTask<IReadOnlyList<string>> ListAsync() => ValueTask.FromResult<IReadOnlyList<string>>(
        [.. _archive.Crawls.Reverse().Select(Write)]);

    public ValueTask<string?> GetAsync(string id) => ValueTask.FromResult(Find(id) is { } crawl ? Write(crawl) : null);

    public async ValueTask<CrawlPart> ReadAsync(string id, int position)
    {
        // Pages are counted through all slices. While the crawl runs, a slice that is done moves those behind it.
        var crawl = Find(id);
        return CrawlArchive.PagesOf(crawl?.State.Slices ?? []).Skip(position).Select(page => (int?)page).FirstOrDefault() is { } page
            ? new CrawlPart(await _archive.ReadPageAsync(crawl!, page), position + 1)
            : new CrawlPart(null, null);
    }

    public ValueTask<bool> StopAsync(string id)
    {
        // The next round ends it.
        var runs = _current?.Stored.Report.Id == id;
        _isStopping |= runs;
        return ValueTask.FromResult(runs);
    }

    public async ValueTask ScheduleAsync()
    {
        var interval = _options.CrawlInterval;
        var name = interval == TimeSpan.Zero ? null : $"{Periodic}{interval:c}";
        var reminders = await this.GetReminders();
        foreach (var reminder in reminders.Where(other => other.ReminderName != name && other.ReminderName.StartsWith(Periodic, StringComparison.Ordinal)))
        {
            await this.UnregisterReminder(reminder);
        }

        if (name is not null && !await GrainReminder.TicksAsync(this, name, interval, time.GetUtcNow()))
        {
            await this.RegisterOrUpdateReminder(name, GrainReminder.DrawFirst(random, interval), interval);
        }
    }

    public async Task ReceiveReminder(string reminderName, TickStatus status)
    {
        if (reminderName == Resume)
        {
            // The activation of this grain has continued a crawl that runs.
            if (_current is null && _starting is null && await this.GetReminder(Resume) is { } reminder)
            {
                await this.UnregisterReminder(reminder);
            }
        }
        else if (_options.CrawlInterval > TimeSpan.Zero && _current is null)
        {
            await BeginAsync(limits.Values.CrawlRate, _options.CrawlMaxNodes);
        }
    }

    private StoredCrawl? Find(string id) => _archive.Crawls.FirstOrDefault(crawl => crawl.Report.Id == id);

    private string Write(StoredCrawl crawl) => CrawlReportJson.Write(crawl == _current?.Stored ? _current.Report : crawl.Report);

    /// <summary>Begins a crawl, once for all who ask meanwhile.</summary>
    private async Task<CrawlReport> BeginAsync(int rate, int maxNodes)
    {
        try
        {
            return await (_starting ??= AddAsync(rate, maxNodes));
        }
        finally
        {
            _starting = null;
        }
    }

    private async Task<CrawlReport> AddAsync(int rate, int maxNodes)
    {
        await this.RegisterOrUpdateReminder(Resume, ResumePeriod, ResumePeriod);
        var live = await _edges.GetLiveAsync();
        var depth = CrawlSlices.DepthFor(await EstimateAsync(), live.Count);
        var report = CrawlReport.Begin(_archive.Crawls.LastOrDefault()?.Report, time.GetUtcNow(), rate, maxNodes, slices: 1 << depth);
        var adding = _archive.AddAsync(report, depth);
        await this.OrEndAsync(adding);
        var crawl = await adding;
        logger.CrawlBegun(crawl.Report.Id, crawl.Report.Slices, live.Count, rate);
        Run(crawl);
        return crawl.Report;
    }

    /// <summary>The size of the network: by the crawl before, or by the edges' lookups.</summary>
    private async Task<double?> EstimateAsync() =>
        _archive.Crawls.LastOrDefault(crawl => crawl.Report.Phase == CrawlPhase.Finished)?.Report.Summary is { } summary
            ? summary.Nodes + summary.Unreachable
            : await _edges.EstimateAsync();

    private void Run(StoredCrawl crawl)
    {
        _isStopping = false;
        _current = new ClusterCrawl(crawl, _archive, _edges, timing, time, logger);
        _timer = this.RegisterGrainTimer(
            AdvanceAsync, new GrainTimerCreationOptions(TimeSpan.Zero, timing.Poll) { Interleave = true, KeepAlive = true });
    }

    // The timer waits for its last call before it ticks again.
    private async Task AdvanceAsync(CancellationToken cancellationToken)
    {
        if (_current is not { } current)
        {
            return;
        }

        try
        {
            if (_isStopping)
            {
                current.End();
                await CloseAsync(current, CrawlPhase.Stopped);
                return;
            }

            await current.AdvanceAsync();
            if (current.IsDone)
            {
                await CloseAsync(current, CrawlPhase.Finished);
            }
        }
        catch (Exception e)
        {
            // The next round tries again, unless another activation has the crawl, or a write was done after its timeout.
            logger.CrawlInterrupted(current.Stored.Report.Id, e.Message);
            if (e is StorageConflictException)
            {
                DeactivateOnIdle();
            }
        }

        // Null once the crawl has ended.
        _timer?.Change(current.NextPause(), timing.Poll);
    }

    private async Task CloseAsync(ClusterCrawl current, CrawlPhase phase)
    {
        var report = await _archive.CloseAsync(current.Stored, current.Report, phase, time.GetUtcNow());
        _current = null;
        _timer?.Dispose();
        _timer = null;
        logger.CrawlEnded(report.Id, report.Phase, report.Counts.Reachable, report.Counts.Unreachable);
    }
}
