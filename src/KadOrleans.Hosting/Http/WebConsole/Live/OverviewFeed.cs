using System.Runtime.CompilerServices;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Hosting;

/// <summary>
/// Samples the DHT while the process runs, and tells all viewers. A viewer that is slow gets the last overview alone: nothing is queued.
/// </summary>
internal sealed partial class OverviewFeed(
    IDht dht, HealthCheckService health, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<OverviewFeed> logger)
    : BackgroundService
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    // Five minutes and the sample that begins them.
    private const int Samples = 61;

    private readonly GrowingCounts _counts = new();
    private readonly Queue<CountsAt> _samples = new(Samples);
    private volatile Current _current = new(null);

    /// <summary>Maps the overview as server-sent events, one each <see cref="Interval"/>.</summary>
    public static void Map(RouteGroupBuilder console) => console
        .MapGet("/live", (HttpContext context, OverviewFeed feed, BrowserSessions sessions) =>
            TypedResults.ServerSentEvents(feed.WatchAsync(context, sessions), "overview"))
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

    private async IAsyncEnumerable<Overview> WatchAsync(HttpContext context, BrowserSessions sessions)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        var secret = SessionCookie.Read(context.Request);
        await foreach (var overview in WatchAsync(ending.Token))
        {
            // The session may have ended since.
            if (TokenAuthentication.SessionOf(context) is not null && !sessions.TryFind(secret!, out _))
            {
                yield break;
            }

            yield return overview;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A silo takes no call before it is up, and Orleans logs each one as an error.
        await lifetime.ApplicationStarted.UntilCancelledAsync().WaitAsync(stoppingToken);
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                var overview = await SampleAsync(stoppingToken);
                var former = _current;
                _current = new Current(overview);
                former.Replaced.SetResult();
            }
            catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                // What people look at must not end the process that they look at.
                LogNotSampled(e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(8120, LogLevel.Warning, "The console's overview was not renewed: {Reason}")]
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

        if (_samples.Count == Samples)
        {
            _samples.Dequeue();
        }

        _samples.Enqueue(new CountsAt(time.GetUtcNow(), _counts.Add(nodes ?? [])));
        var report = await health.CheckHealthAsync(cancellationToken);
        return Overview.Of(HealthPages.Read(report), nodes, [.. _samples]);
    }

    /// <summary>An overview, and what completes when there is a newer one.</summary>
    private sealed record Current(Overview? Overview)
    {
        public TaskCompletionSource Replaced { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
