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

    /// <summary>How often the silos, and the directory of the edges, are asked: they come and go seldom.</summary>
    private static readonly TimeSpan MembersInterval = TimeSpan.FromSeconds(30);

    // Five minutes and the sample that begins them.
    private const int Samples = 61;

    private readonly GrowingCounts _counts = new();
    private IReadOnlyList<CountsAt> _samples = [];
    private volatile Current _current = new(null);
    private readonly SlowReading<OverviewSilos> _silos = new();
    private readonly SlowReading<OverviewEdges> _edges = new();

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
        var silos = ReadAsync(_silos, async () => OverviewSilos.Of(await admin.GetSilosAsync(cancellationToken)), isDue: false, cancellationToken);

        // Whether there were edges is to be known as soon as none is live.
        var edges = ReadAsync(
            _edges,
            async () => OverviewEdges.Of(await admin.GetEdgesAsync(cancellationToken), time.GetUtcNow()),
            isDue: nodes is [],
            cancellationToken);
        return Overview.Of(HealthPages.Read(await health.CheckHealthAsync(cancellationToken)), nodes, _samples, await silos, await edges);
    }

    // What was known stays while nobody can be asked. It does not read before the last reading is MembersInterval old, unless it is due.
    private async Task<T?> ReadAsync<T>(SlowReading<T> reading, Func<Task<T>> read, bool isDue, CancellationToken cancellationToken)
        where T : class
    {
        if (!subject.IsCluster || (!isDue && reading.At is { } at && time.GetElapsedTime(at) < MembersInterval))
        {
            return reading.Last;
        }

        try
        {
            (reading.Last, reading.At) = (await read().WaitAsync(Interval, time, cancellationToken), time.GetTimestamp());
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // As of the nodes.
        }

        return reading.Last;
    }

    /// <summary>What was read last, and when, as a timestamp of the clock.</summary>
    private sealed class SlowReading<T>
        where T : class
    {
        public T? Last { get; set; }

        public long? At { get; set; }
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
