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
    TimeProvider time,
    ILogger<StorageWatch> logger) : BackgroundService
{
    private const string Record = "kad-storage-watch";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>The pause between two checks of writes. With the timeouts of one it is less than the 15 s within which a failure is known.</summary>
    public static readonly TimeSpan WritePause = TimeSpan.FromSeconds(3);

    private const string Refuses = "Grain storage refuses writes: no STORE is acknowledged until it takes them again.";

    /// <summary>The timeout of a read: longer than any read of healthy storage. With slower storage puts fail.</summary>
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(5);

    private static readonly Histogram<double> Duration = new Meter(KadTelemetry.MeterName).CreateHistogram<double>(
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
    private bool _isRefusalTold;

    public bool IsAway => _isAway;

    /// <summary>Whether reads are served and writes are not.</summary>
    public bool RefusesWrites => _refusesWrites && !_isAway;

    /// <summary>What is wrong with storage that serves reads, in a sentence. Null: nothing.</summary>
    public string? Problem =>
        RefusesWrites ? Refuses : _isSlow ? $"Grain storage takes more than {SlowRead.TotalSeconds} s for a read." : null;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => RunAsync(stoppingToken).UntilStoppedAsync(stoppingToken);

    private async Task RunAsync(CancellationToken stoppingToken)
    {
        // Storage providers are initialized while the silo starts.
        await lifetime.ApplicationStarted.UntilCancelledAsync().WaitAsync(stoppingToken);

        // Each for itself: slow reads hold up no write, and hung writes no read. Neither ends but by a fault, which ends the silo.
        await await Task.WhenAny(WatchReadsAsync(stoppingToken), WatchWritesAsync(stoppingToken));
    }

    private async Task WatchReadsAsync(CancellationToken stoppingToken)
    {
        ThreadPool.GetMinThreads(out var usualThreads, out _);
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            await CheckAsync(usualThreads, stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task WatchWritesAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            RecordWrite(await check.WriteAsync().WaitAsync(stoppingToken));
            await Task.Delay(WritePause, time, stoppingToken);
        }
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

    private void RecordWrite((WriteHealth Health, string? Problem) write)
    {
        // Told once, until writes are taken again, whatever is unknown between.
        if (write.Health == WriteHealth.Refused && !_isRefusalTold)
        {
            _isRefusalTold = true;
            SiloLog.WritesRefused(logger, write.Problem!);
        }
        else if (write.Health == WriteHealth.Taken && _isRefusalTold)
        {
            _isRefusalTold = false;
            SiloLog.StorageBack(logger);
        }

        // What is unknown is told by the reads. What was known before may be long ago then.
        _refusesWrites = write.Health == WriteHealth.Refused;
    }

    private static void KeepThreads(int count)
    {
        ThreadPool.GetMinThreads(out _, out var completions);
        ThreadPool.SetMinThreads(count, completions);
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        var id = grains.GetGrain<IClusterGrain>(GrainKeys.Singleton).GetGrainId();
        var started = time.GetTimestamp();
        var read = storage.ReadStateAsync(Record, id, new GrainState<Nothing>());
        await Task.WhenAny(read, Task.Delay(SlowRead, time, cancellationToken));
        var isSlow = !read.IsCompleted;
        if (isSlow && !_isSlow && !_isAway)
        {
            SiloLog.StorageSlow(logger, SlowRead.TotalSeconds);
        }

        _isSlow = isSlow;
        await read.WaitAsync(ReadTimeout - SlowRead, time, cancellationToken);
        Duration.Record(time.GetElapsedTime(started).TotalSeconds);
    }

    private sealed class Nothing;
}
