using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Testing.Telemetry;

/// <summary>An OpenTelemetry collector for tests: takes OTLP over HTTP on a free loopback port and keeps it.</summary>
public sealed class OtlpCollector : IAsyncDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly WebApplication _application;
    private readonly ConcurrentQueue<ReceivedMetric> _metrics = new();
    private readonly ConcurrentQueue<(string Source, string Name)> _spans = new();
    private readonly SemaphoreSlim _arrived = new(0);

    private OtlpCollector()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddRoutingCore();
        _application = builder.Build();
        _application.MapPost("/v1/metrics", context => TakeAsync(context, body => Add(_metrics, OtlpReader.Metrics(body))));
        _application.MapPost("/v1/traces", context => TakeAsync(context, body => Add(_spans, OtlpReader.Spans(body))));
    }

    /// <summary>What exporters are to be told.</summary>
    public string Endpoint => _application.Urls.First();

    /// <summary>All metrics so far, export after export.</summary>
    public IReadOnlyCollection<ReceivedMetric> Metrics => _metrics;

    /// <summary>All spans so far.</summary>
    public IReadOnlyCollection<(string Source, string Name)> Spans => _spans;

    /// <summary>Begins to listen.</summary>
    public static async Task<OtlpCollector> StartAsync()
    {
        var collector = new OtlpCollector();
        await collector._application.StartAsync();
        return collector;
    }

    /// <summary>Waits until what has arrived is enough.</summary>
    /// <param name="isEnough">Looks at it.</param>
    /// <param name="describe">What is missing, if time runs out.</param>
    public async Task UntilAsync(Func<bool> isEnough, Func<string> describe)
    {
        using var deadline = new CancellationTokenSource(Longest);
        try
        {
            while (!isEnough())
            {
                await _arrived.WaitAsync(deadline.Token);
            }
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException(describe(), e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        _arrived.Dispose();
    }

    private static void Add<T>(ConcurrentQueue<T> all, IEnumerable<T> some)
    {
        foreach (var one in some)
        {
            all.Enqueue(one);
        }
    }

    private async Task TakeAsync(HttpContext context, Action<ReadOnlyMemory<byte>> take)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        take(body.ToArray());
        _arrived.Release();

        // An empty message: all was accepted.
        context.Response.ContentType = "application/x-protobuf";
    }
}
