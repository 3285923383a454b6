using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Cli;

/// <summary>Serves a node's health, its status at /status, and API and console to those who have a token.</summary>
internal sealed class NodeStatusServer(StatusServer server, ITimer sampling) : IAsyncDisposable
{
    public IPEndPoint Address => server.Address;

    /// <summary>Binds and begins to serve a started node, which is ready without contacts if it is its network's first.</summary>
    public static async Task<NodeStatusServer> StartAsync(
        HttpPlace place,
        KadNode node,
        bool isFirst,
        ApiTokens? tokens,
        ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        var rates = new RateMeter(time);
        var startedAt = time.GetUtcNow();
        var server = await StatusServer.StartAsync(
            place,
            () => HealthOf(node, isFirst),
            pages =>
            {
                pages.MapGet("/status", async context =>
                {
                    var status = await node.DescribeAsync(context.RequestAborted);
                    await context.WriteJsonAsync(NodeStatusReport.Create(status, startedAt, time.GetUtcNow(), rates));
                });
                if (tokens is not null)
                {
                    pages.MapDhtApi();
                    pages.MapKadConsole();
                }
            },
            services =>
            {
                if (tokens is not null)
                {
                    services.AddSingleton<IDht>(node).AddSingleton(node.Admin).AddDhtApi(tokens).AddKadConsole();
                }
            },
            loggers,
            cancellationToken);
        return new NodeStatusServer(
            server, time.CreateTimer(_ => rates.Add(node.Engine.Counts), null, TimeSpan.Zero, RateMeter.Interval));
    }

    // Whether a node is ready: it can store, and a contact answers it or it is its network's first and has met nobody yet. One that
    // cannot store still serves what it holds.
    public static Health HealthOf(KadNode node, bool isFirst) => node switch
    {
        { StorageProblem: { } problem } => new Health("storageFails", problem),
        _ when node.Engine.HasGoodContact || (isFirst && !node.Engine.HasHadContacts) => new Health(Health.Ready),
        { RoutingTable.Count: > 0 } => new Health("noContactAnswers"),
        _ => new Health("noContacts"),
    };

    public async ValueTask DisposeAsync()
    {
        await sampling.DisposeAsync();
        await server.DisposeAsync();
    }
}

internal static class NodeStatusReport
{
    public static JsonNode Create(NodeStatus status, DateTimeOffset startedAt, DateTimeOffset now, RateMeter rates)
    {
        var (over, perSecond) = rates.Read(status.Counts);
        var report = new
        {
            Id = status.Id.ToString(),
            Listening = status.Listening.Select(endpoint => endpoint.ToString()),
            StartedAt = Time(startedAt),
            UptimeSeconds = Math.Round((now - startedAt).TotalSeconds, 3),
            Contacts = status.Buckets.Sum(bucket => bucket.Count),
            NetworkSize = NetworkSizeJson.Create(status.NetworkSize),
            status.Usage.Keys,
            status.Usage.Bytes,
            status.StorageProblem,
            Clock = new { status.Clock.Agrees, AheadSeconds = Math.Round(status.Clock.Ahead.TotalSeconds, 3) },
            Evicted = new { Far = status.Turnover.EvictedFar, Near = status.Turnover.EvictedNear },
            status.Turnover.Changed,
            ChangedBySource = status.TopChanges.Select(source => new { Source = source.Source.ToText(), Values = source.Changed }),
            GarbageCollections = new { Gen0 = GC.CollectionCount(0), Gen1 = GC.CollectionCount(1), Gen2 = GC.CollectionCount(2) },
            Totals = status.Counts,
            Rates = new { OverSeconds = Math.Round(over.TotalSeconds, 3), PerSecond = perSecond },
            Buckets = status.Buckets.Select(bucket => new
            {
                Prefix = bucket.Prefix.ToString(),
                bucket.Depth,
                Contacts = bucket.Count,
                bucket.Replacements,
                LastLookup = Time(bucket.LastLookup),
            }),
        };
        return JsonSerializer.SerializeToNode(report, JsonSerializerOptions.Web)!;
    }

    private static string Time(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}

// The growth of counters per second over about the last minute. The owner adds a sample every five seconds. With one sample there
// is no rate yet.
public sealed class RateMeter(TimeProvider time)
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    // A minute and the sample that begins it.
    private const int Samples = 13;

    private volatile (long At, IReadOnlyDictionary<string, long> Counts)[] _samples = [];

    public void Add(IReadOnlyDictionary<string, long> counts) => _samples = [.. _samples.TakeLast(Samples - 1), (time.GetTimestamp(), counts)];

    public (TimeSpan Over, IReadOnlyDictionary<string, double> PerSecond) Read(IReadOnlyDictionary<string, long> now)
    {
        if (_samples is not [var oldest, ..])
        {
            return (TimeSpan.Zero, new Dictionary<string, double>());
        }

        var elapsed = time.GetElapsedTime(oldest.At);
        return (elapsed, now.OrderBy(count => count.Key, StringComparer.Ordinal).ToDictionary(
            count => count.Key,
            count => elapsed > TimeSpan.Zero ? Math.Round((count.Value - oldest.Counts.GetValueOrDefault(count.Key)) / elapsed.TotalSeconds, 3) : 0));
    }
}
