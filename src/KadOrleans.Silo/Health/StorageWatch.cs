using KadOrleans.Grains;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Silo.Hosting;
using Orleans.Storage;

namespace KadOrleans.Silo.Health;

/// <summary>
/// Reads a record of grain storage, which is never there, now and then, and remembers whether that went well: <c>/health/ready</c> tells of it
/// without asking storage itself, however often it is asked.
/// </summary>
internal sealed class StorageWatch(
    [FromKeyedServices(GrainStorageName.Kad)] IGrainStorage storage,
    IGrainFactory grains,
    IHostApplicationLifetime lifetime,
    ILogger<StorageWatch> logger) : BackgroundService
{
    private const string Record = "kad-storage-watch";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>Longer than any read of a storage that serves; while one is slower, puts are about to fail.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly SpareThreads _threads = new();
    private volatile bool _isAway;

    /// <summary>Whether the last read failed.</summary>
    public bool IsAway => _isAway;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Storage providers are set up while the silo starts.
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (lifetime.ApplicationStarted.Register(started.SetResult))
        {
            await started.Task.WaitAsync(stoppingToken);
        }

        using var timer = new PeriodicTimer(Interval);
        do
        {
            await LookAsync(stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            var id = grains.GetGrain<IClusterGrain>(GrainKeys.Singleton).GetGrainId();
            await storage.ReadStateAsync(Record, id, new GrainState<Nothing>()).WaitAsync(Patience, cancellationToken);
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

    private sealed class Nothing;
}

/// <summary>
/// Threads for while storage is away. PostgreSQL's driver blocks one for each call that times out, as it asks the server to cancel
/// the call: as many calls as the pool has connections end at once, and without spare threads neither probes nor other silos would
/// be answered for some ten seconds.
/// </summary>
internal sealed class SpareThreads
{
    /// <summary>The most connections that the driver's pool has by default, and some more for all else.</summary>
    private const int Count = 128;

    private int? _usual;

    /// <summary>The pool makes up to <see cref="Count"/> threads without a pause. Not to be called again before <see cref="Return"/>.</summary>
    public void Lend()
    {
        ThreadPool.GetMinThreads(out var usual, out var completions);
        _usual = usual;
        ThreadPool.SetMinThreads(Math.Max(usual, Count), completions);
    }

    /// <summary>All is as before.</summary>
    public void Return()
    {
        if (_usual is { } usual)
        {
            ThreadPool.GetMinThreads(out _, out var completions);
            ThreadPool.SetMinThreads(usual, completions);
            _usual = null;
        }
    }
}
