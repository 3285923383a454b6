using System.Diagnostics;
using System.Diagnostics.Metrics;
using Orleans.Storage;

namespace KadOrleans.Server;

// Reads a record that never exists, and writes one that all silos share, so that /health/ready can tell of storage without a call per
// request. A database may serve reads and refuse writes: a standby, a full disk, a limit of its owner.
internal sealed class StorageWatch(
    [FromKeyedServices(GrainStorageName.Kad)] IGrainStorage storage,
    IGrainFactory grains,
    StorageCheck check,
    IHostApplicationLifetime lifetime,
    ILogger<StorageWatch> logger) : BackgroundService
{
    private const string Record = "kad-storage-watch";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>The time between writes. With the timeout of one it is less than the 15 s within which a failure is to be known.</summary>
    private static readonly TimeSpan WriteInterval = TimeSpan.FromSeconds(8);

    private const string Refuses = "Grain storage refuses writes: no STORE is acknowledged until it takes them again.";

    /// <summary>The timeout of a read: longer than any read of healthy storage. With slower storage puts fail.</summary>
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(5);

    private static readonly Histogram<double> Duration = new Meter(TelemetryExport.SourceName).CreateHistogram<double>(
        "kad.storage.read.duration",
        "s",
        "Time until a read of grain storage was answered; one read every two seconds.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 2, 5] });

    /// <summary>A read that takes longer means slow storage. STOREs are given up after 4 s, and need a write.</summary>
    private static readonly TimeSpan SlowRead = TimeSpan.FromSeconds(1);

    // PostgreSQL's driver blocks a thread for each call that times out, to ask the server to cancel it. While storage fails the
    // pool creates so many threads without delay. Otherwise probes would get no response for some ten seconds.
    private const int SpareThreads = 128;

    private volatile bool _isAway;
    private volatile bool _isSlow;
    private volatile bool _refusesWrites;
    private Task _write = Task.CompletedTask;
    private long? _wroteAt;

    public bool IsAway => _isAway;

    /// <summary>Whether reads are served and writes are not.</summary>
    public bool RefusesWrites => _refusesWrites;

    /// <summary>What is wrong with storage that serves reads, in a sentence. Null: nothing.</summary>
    public string? Problem =>
        _refusesWrites ? Refuses : _isSlow ? $"Grain storage takes more than {SlowRead.TotalSeconds} s for a read." : null;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => RunAsync(stoppingToken).UntilStoppedAsync(stoppingToken);

    private async Task RunAsync(CancellationToken stoppingToken)
    {
        // Storage providers are initialized while the silo starts.
        await lifetime.ApplicationStarted.UntilCancelledAsync().WaitAsync(stoppingToken);

        ThreadPool.GetMinThreads(out var usualThreads, out _);
        using var timer = new PeriodicTimer(Interval);
        do
        {
            await CheckAsync(usualThreads, stoppingToken);
            CheckWrites();
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task CheckAsync(int usualThreads, CancellationToken cancellationToken)
    {
        string? problem = null;
        try
        {
            await ReadAsync(cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            problem = e.Message;
        }

        if (problem is not null && !_isAway)
        {
            SiloLog.StorageAway(logger, problem);
            KeepThreads(Math.Max(usualThreads, SpareThreads));
        }
        else if (problem is null && _isAway)
        {
            SiloLog.StorageBack(logger);
            KeepThreads(usualThreads);
        }

        _isAway = problem is not null;
    }

    // Not awaited, so that a write which hangs holds up no read.
    private void CheckWrites()
    {
        if (_write.IsCompleted && (_wroteAt is not { } at || Stopwatch.GetElapsedTime(at) >= WriteInterval))
        {
            _wroteAt = Stopwatch.GetTimestamp();
            _write = WriteAsync();
        }
    }

    private async Task WriteAsync()
    {
        var problem = await check.WriteAsync();
        if (problem is not null && !_refusesWrites && !_isAway)
        {
            SiloLog.WritesRefused(logger, problem);
        }
        else if (problem is null && _refusesWrites)
        {
            SiloLog.StorageBack(logger);
        }

        _refusesWrites = problem is not null && !_isAway;
    }

    private static void KeepThreads(int count)
    {
        ThreadPool.GetMinThreads(out _, out var completions);
        ThreadPool.SetMinThreads(count, completions);
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        var id = grains.GetGrain<IClusterGrain>(GrainKeys.Singleton).GetGrainId();
        var started = Stopwatch.GetTimestamp();
        var read = storage.ReadStateAsync(Record, id, new GrainState<Nothing>());
        await Task.WhenAny(read, Task.Delay(SlowRead, cancellationToken));
        var isSlow = !read.IsCompleted;
        if (isSlow && !_isSlow && !_isAway)
        {
            SiloLog.StorageSlow(logger, SlowRead.TotalSeconds);
        }

        _isSlow = isSlow;
        await read.WaitAsync(ReadTimeout - SlowRead, cancellationToken);
        Duration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    private sealed class Nothing;
}
