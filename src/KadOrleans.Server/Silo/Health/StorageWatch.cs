using System.Diagnostics;
using System.Diagnostics.Metrics;
using Orleans.Storage;

namespace KadOrleans.Server;

// Reads a record that never exists from grain storage, periodically, and keeps the result. So /health/ready can report storage
// without a read per request, and says that it is slow before callers time out.
internal sealed class StorageWatch(
    [FromKeyedServices(GrainStorageName.Kad)] IGrainStorage storage,
    IGrainFactory grains,
    IHostApplicationLifetime lifetime,
    ILogger<StorageWatch> logger) : BackgroundService
{
    private const string Record = "kad-storage-watch";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>The timeout of a read: longer than any read of healthy storage. With slower storage puts are about to fail.</summary>
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(5);

    private static readonly Histogram<double> Duration = new Meter(TelemetryExport.SourceName).CreateHistogram<double>(
        "kad.storage.read.duration",
        "s",
        "Until a read of grain storage was answered; one every two seconds.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 2, 5] });

    private readonly SpareThreads _threads = new();
    private volatile bool _isAway;
    private volatile bool _isSlow;

    /// <summary>A read that takes longer means slow storage. STOREs are given up after 4 s, and need a write.</summary>
    private static readonly TimeSpan SlowRead = TimeSpan.FromSeconds(1);

    public bool IsAway => _isAway;

    /// <summary>How slow storage is, in a sentence; null if it is not.</summary>
    public string? Slowness => _isSlow ? $"Grain storage takes more than {SlowRead.TotalSeconds} s for a read." : null;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Storage providers are initialized while the silo starts.
        await lifetime.ApplicationStarted.UntilCancelledAsync().WaitAsync(stoppingToken);

        using var timer = new PeriodicTimer(Interval);
        do
        {
            await CheckAsync(stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ReadAsync(cancellationToken);
            if (_isAway)
            {
                SiloLog.StorageBack(logger);
                _threads.Return();
            }

            _isAway = false;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            if (!_isAway)
            {
                SiloLog.StorageAway(logger, e.Message);
                _threads.Lend();
            }

            _isAway = true;
        }
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

// Adds threads to the pool while storage fails. PostgreSQL's driver blocks a thread for each call that times out, to ask the
// server to cancel it. As many calls as its pool has connections may time out together. Without spare threads, probes and other
// silos would get no response for some ten seconds.
internal sealed class SpareThreads
{
    /// <summary>The default maximum of connections in the driver's pool, and some for all other work.</summary>
    private const int Count = 128;

    private int _usual;

    /// <summary>Lets the pool create so many threads without delay. Do not call it again before <see cref="Return"/>.</summary>
    public void Lend()
    {
        ThreadPool.GetMinThreads(out _usual, out var completions);
        ThreadPool.SetMinThreads(Math.Max(_usual, Count), completions);
    }

    public void Return()
    {
        ThreadPool.GetMinThreads(out _, out var completions);
        ThreadPool.SetMinThreads(_usual, completions);
    }
}
