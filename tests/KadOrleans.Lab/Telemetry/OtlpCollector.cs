using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Lab;

/// <summary>An OpenTelemetry collector for tests: takes OTLP over HTTP and gRPC on free loopback ports and keeps it.</summary>
public sealed class OtlpCollector : IAsyncDisposable
{
    private const string GrpcServices = "/opentelemetry.proto.collector";

    private const int GrpcPrefix = 5;

    private readonly WebApplication _application;
    private readonly ConcurrentQueue<ReceivedMetric> _metrics = new();
    private readonly ConcurrentQueue<ReceivedSpan> _spans = new();
    private readonly ConcurrentQueue<ReceivedLog> _logs = new();
    private int _exports;

    private OtlpCollector()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0, port => port.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddRoutingCore();
        _application = builder.Build();
        _application.MapPost("/v1/metrics", context => TakeAsync(context, TakeMetrics));
        _application.MapPost("/v1/traces", context => TakeAsync(context, TakeSpans));
        _application.MapPost("/v1/logs", context => TakeAsync(context, TakeLogs));
        _application.MapPost($"{GrpcServices}.metrics.v1.MetricsService/Export", context => TakeGrpcAsync(context, TakeMetrics));
        _application.MapPost($"{GrpcServices}.trace.v1.TraceService/Export", context => TakeGrpcAsync(context, TakeSpans));
        _application.MapPost($"{GrpcServices}.logs.v1.LogsService/Export", context => TakeGrpcAsync(context, TakeLogs));
    }

    public string Endpoint => _application.Urls.First();

    public string GrpcEndpoint => _application.Urls.Last();

    public IReadOnlyCollection<ReceivedMetric> Metrics => _metrics;

    public IReadOnlyCollection<ReceivedSpan> Spans => _spans;

    public IReadOnlyCollection<ReceivedLog> Logs => _logs;

    public bool HasLookup => _spans.Any(span => span is { Source: "KadOrleans", Name: "kad.lookup" });

    public static async Task<OtlpCollector> StartAsync()
    {
        var collector = new OtlpCollector();
        await collector._application.StartAsync();
        return collector;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private static void Add<T>(ConcurrentQueue<T> all, IEnumerable<T> some)
    {
        foreach (var one in some)
        {
            all.Enqueue(one);
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        return body.ToArray();
    }

    private void TakeMetrics(ReadOnlyMemory<byte> request) => Add(_metrics, OtlpReader.Metrics(request, Interlocked.Increment(ref _exports)));

    private void TakeSpans(ReadOnlyMemory<byte> request) => Add(_spans, OtlpReader.Spans(request));

    private void TakeLogs(ReadOnlyMemory<byte> request) => Add(_logs, OtlpReader.Logs(request));

    private static async Task TakeAsync(HttpContext context, Action<ReadOnlyMemory<byte>> take)
    {
        take(await ReadAsync(context));

        // An empty message: all was accepted.
        context.Response.ContentType = "application/x-protobuf";
    }

    private static async Task TakeGrpcAsync(HttpContext context, Action<ReadOnlyMemory<byte>> take)
    {
        take((await ReadAsync(context))[GrpcPrefix..]);
        context.Response.ContentType = "application/grpc";
        context.Response.DeclareTrailer("grpc-status");
        await context.Response.Body.WriteAsync(new byte[GrpcPrefix], context.RequestAborted);
        context.Response.AppendTrailer("grpc-status", "0");
    }
}

/// <summary>A metric as one export had it, its kind as in docs/telemetry.md. The collector numbers all exports.</summary>
public sealed record ReceivedMetric(
    string Service,
    string Instance,
    string Meter,
    string Name,
    string Kind,
    string Unit,
    int Export,
    IReadOnlyList<ReceivedPoint> Points);

/// <summary>A span. The kind and the status are OpenTelemetry's numbers: kind 2 is a server and 3 a client, status 2 an error.</summary>
public sealed record ReceivedSpan(
    IReadOnlyDictionary<string, string> Resource,
    string Source,
    string Name,
    string Trace,
    string Id,
    string Parent,
    int Kind,
    int Status,
    IReadOnlyDictionary<string, string> Tags);

/// <summary>A message of a log.</summary>
public sealed record ReceivedLog(
    IReadOnlyDictionary<string, string> Resource, string Category, string Body, string Trace, IReadOnlyDictionary<string, string> Tags);

/// <summary>One series of a metric. The value of a histogram is how many values it has.</summary>
public sealed record ReceivedPoint(IReadOnlyDictionary<string, string> Tags, double Value)
{
    public double Sum { get; init; }

    /// <summary>Of a histogram, the upper bound of each bucket and the values in it, the unbounded last.</summary>
    public IReadOnlyList<(double Bound, double Count)> Buckets { get; init; } = [];
}
