using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace KadOrleans.Http;

// Samples the DHT while the process runs, and tells all viewers. A viewer that is slow gets the last overview alone: nothing is queued.
internal sealed partial class OverviewFeed(
    IDht dht,
    IDhtAdmin admin,
    ConsoleSubject subject,
    HealthCheckService health,
    FailedWrites failures,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<OverviewFeed> logger)
    : BackgroundService
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>How often the silos are asked, which come and go seldom.</summary>
    private static readonly TimeSpan SilosInterval = TimeSpan.FromSeconds(30);

    // Five minutes and the sample that begins them.
    private const int Samples = 61;

    private readonly GrowingCounts _counts = new();
    private IReadOnlyList<CountsAt> _samples = [];
    private volatile Current _current = new(null);
    private OverviewSilos? _silos;
    private long? _silosAt;

    /// <summary>Maps the overview as server-sent events, one each <see cref="Interval"/>.</summary>
    public static void Map(RouteGroupBuilder console) => console
        .MapGet("/live", (HttpContext context, OverviewFeed feed) => EventStreams.Send(context, feed.WatchAsync(context)))
        .RequireAuthorization(TokenAuthentication.PolicyOf(ApiScope.View));

    /// <summary>The overview now, and each later one, until the caller cancels.</summary>
    public async IAsyncEnumerable<Overview> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var current = _current;
            if (current.Overview is { } overview)
            {
                yield return overview;
            }

            await current.Replaced.Task.WaitAsync(cancellationToken);
        }
    }

    private async IAsyncEnumerable<SseItem<Overview>> WatchAsync(HttpContext context)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        await foreach (var overview in WatchAsync(ending.Token))
        {
            yield return new SseItem<Overview>(overview, "overview");
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => RunAsync(stoppingToken).UntilStoppedAsync(stoppingToken);

    private async Task RunAsync(CancellationToken stoppingToken)
    {
        // A silo takes no call before it is up, and Orleans logs each one as an error.
        await lifetime.ApplicationStarted.UntilCancelledAsync().WaitAsync(stoppingToken);
        using var timer = new PeriodicTimer(Interval, time);
        bool isRunning;
        do
        {
            // The first write that fails is seen at once, and further ones at the next tick.
            var failed = failures.Next;
            var tick = timer.WaitForNextTickAsync(stoppingToken).AsTask();
            await RenewAsync(stoppingToken);
            if (await Task.WhenAny(tick, failed) == failed)
            {
                await RenewAsync(stoppingToken);
            }

            isRunning = await tick;
        }
        while (isRunning);
    }

    private async Task RenewAsync(CancellationToken stoppingToken)
    {
        try
        {
            var former = _current;
            _current = new Current(await SampleAsync(stoppingToken));
            former.Replaced.SetResult();
        }
        catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
        {
            // A failure of the console must not end the process.
            LogNotSampled(e.Message);
        }
    }

    [LoggerMessage(8120, LogLevel.Warning, "The console's overview was not renewed, and is tried again in 5 s: {Reason}")]
    private partial void LogNotSampled(string reason);

    private async Task<Overview> SampleAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<DhtNodeStatus>? nodes = null;
        try
        {
            nodes = (await dht.GetStatusAsync(cancellationToken).WaitAsync(Interval, time, cancellationToken)).Nodes;
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // The cluster does not respond, or stops. The overview says so, and the health has the reason.
        }

        var counts = new Dictionary<string, long>(_counts.Add(nodes ?? [])) { [FailedWrites.Name] = failures.Count };
        _samples = [.. _samples.TakeLast(Samples - 1), new CountsAt(time.GetUtcNow(), counts)];
        return Overview.Of(
            HealthPages.Read(await health.CheckHealthAsync(cancellationToken)), nodes, _samples, await ReadSilosAsync(cancellationToken));
    }

    // What was known stays while they cannot be asked.
    private async Task<OverviewSilos?> ReadSilosAsync(CancellationToken cancellationToken)
    {
        if (!subject.IsCluster || (_silosAt is { } at && time.GetElapsedTime(at) < SilosInterval))
        {
            return _silos;
        }

        try
        {
            var read = await admin.GetSilosAsync(cancellationToken).WaitAsync(Interval, time, cancellationToken);
            (_silos, _silosAt) = (OverviewSilos.Of(read), time.GetTimestamp());
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // As of the nodes.
        }

        return _silos;
    }

    /// <summary>An overview, and what completes when there is a newer one.</summary>
    private sealed record Current(Overview? Overview)
    {
        public TaskCompletionSource Replaced { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

// Sums the counters of nodes that come, go and restart. A counter that is lower than before began anew. What a node counted
// before it was first seen is left out. Those of nodes that are gone are kept for MaxNodes names. Not safe for several threads.
internal sealed class GrowingCounts
{
    /// <summary>The most names of nodes that are remembered, beside those of the last call.</summary>
    public const int MaxNodes = 4_096;

    private readonly Dictionary<string, (long Call, IReadOnlyDictionary<string, long> Counts)> _last = [];
    private readonly Dictionary<string, long> _sums = [];
    private long _calls;

    /// <summary>Takes the counters of all nodes that are known now, and returns the sums so far.</summary>
    public IReadOnlyDictionary<string, long> Add(IReadOnlyList<DhtNodeStatus> nodes)
    {
        _calls++;
        foreach (var node in nodes)
        {
            // A node that is new here may have counted for days.
            var before = _last.GetValueOrDefault(node.Name).Counts ?? node.Counts;
            foreach (var (name, count) in node.Counts)
            {
                var then = before.GetValueOrDefault(name);
                _sums[name] = _sums.GetValueOrDefault(name) + (count >= then ? count - then : count);
            }

            _last[node.Name] = (_calls, node.Counts);
        }

        // Those that are gone are kept: an edge whose report is late has not counted anew.
        foreach (var (name, _) in _last.OrderBy(last => last.Value.Call).Take(_last.Count - Math.Max(MaxNodes, nodes.Count)).ToList())
        {
            _last.Remove(name);
        }

        return new Dictionary<string, long>(_sums);
    }
}
