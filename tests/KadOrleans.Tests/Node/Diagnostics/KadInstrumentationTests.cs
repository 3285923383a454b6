using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace KadOrleans.Tests.Node;

/// <summary>What a program's own OpenTelemetry collects once <c>AddKadInstrumentation()</c> was called.</summary>
/// <remarks>
/// Other tests of this process have nodes too, and dispose of meters of the same name. So these look at what is recorded anew, by instruments
/// that no test ends, and at spans of a trace of their own.
/// </remarks>
public sealed class KadInstrumentationTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_lookup_of_a_node_arrives_as_a_metric_and_as_a_span_once_however_often_they_were_added(int times)
    {
        var (metrics, spans) = (new Kept<Metric>(), new Kept<Activity>());
        using var host = Build(metrics, spans, times);
        await host.StartAsync(Token);
        await using var first = await KadNode.CreateBuilder().UseUdp("127.0.0.1:0").BuildAsync();
        await first.StartAsync(Token);
        var node = host.Services.GetRequiredService<KadNode>();
        await node.BootstrapAsync([$"{first.LocalEndpoints[0]}"], Token);

        using var root = new Activity("test") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.Start();
        await node.GetAsync("nobody has it", Token);
        root.Stop();

        Flush(host);
        var span = Assert.Single(spans.Items, span => span.TraceId == root.TraceId);
        Assert.Equal((KadTelemetry.ActivitySourceName, "kad.lookup"), (span.Source.Name, span.OperationName));
        var names = metrics.Items.Where(metric => metric.MeterName == KadTelemetry.MeterName).Select(metric => metric.Name).ToList();
        Assert.Contains("kad.lookup.duration", names);
        Assert.Contains("kad.request.sent", names);
        Assert.Single(names, "kad.lookup.duration");
        Assert.Single(names, "kad.request.sent");
        await host.StopAsync(Token);
    }

    [Theory]
    [InlineData(KadTelemetry.MeterName)]
    [InlineData("Microsoft.Orleans")]
    public void What_is_counted_once_is_one_however_often_the_meters_were_added(string name)
    {
        var metrics = new Kept<Metric>();
        using var host = Build(metrics, new Kept<Activity>(), 2);
        _ = host.Services.GetRequiredService<MeterProvider>();
        using var meter = new Meter(name);
        var counter = meter.CreateCounter<long>($"test.{Guid.NewGuid():N}");

        counter.Add(1);

        Flush(host);
        var points = Assert.Single(metrics.Items, metric => metric.Name == counter.Name).GetMetricPoints().GetEnumerator();
        Assert.True(points.MoveNext());
        Assert.Equal(1, points.Current.GetSumLong());
        Assert.False(points.MoveNext());
    }

    [Theory]
    [InlineData(KadTelemetry.ActivitySourceName, true)]
    [InlineData("Microsoft.Orleans.Application", true)]
    [InlineData("Microsoft.Orleans.Lifecycle", true)]
    [InlineData("Microsoft.Orleans.Runtime", true)]
    [InlineData("Microsoft.Orleans.Storage", true)]
    [InlineData("Microsoft.Orleans.DurableJobs", false)]
    [InlineData("Microsoft.AspNetCore", false)]
    public void Spans_of_lookups_and_of_what_Orleans_does_for_a_cluster_are_collected_and_no_others(string name, bool isCollected)
    {
        var spans = new Kept<Activity>();
        using var host = Build(new Kept<Metric>(), spans, 2);
        _ = host.Services.GetRequiredService<TracerProvider>();
        using var source = new ActivitySource(name);
        var operation = $"test {Guid.NewGuid():N}";

        source.StartActivity(operation)?.Dispose();

        Assert.Equal(isCollected ? 1 : 0, spans.Items.Count(span => span.OperationName == operation));
    }

    [Fact]
    public void A_builder_that_is_null_is_refused()
    {
        Assert.Equal("builder", Assert.Throws<ArgumentNullException>(() => ((MeterProviderBuilder)null!).AddKadInstrumentation()).ParamName);
        Assert.Equal("builder", Assert.Throws<ArgumentNullException>(() => ((TracerProviderBuilder)null!).AddKadInstrumentation()).ParamName);
    }

    private static IHost Build(Kept<Metric> metrics, Kept<Activity> spans, int times)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddKadNode().UseUdp("127.0.0.1:0");
        for (var i = 0; i < times; i++)
        {
            builder.Services.AddOpenTelemetry()
                .WithMetrics(metrics => metrics.AddKadInstrumentation())
                .WithTracing(tracing => tracing.AddKadInstrumentation());
        }

        builder.Services.AddOpenTelemetry()
            .WithMetrics(builder => builder.AddReader(new BaseExportingMetricReader(metrics)))
            .WithTracing(builder => builder.SetSampler(new AlwaysOnSampler()).AddProcessor(new SimpleActivityExportProcessor(spans)));
        return builder.Build();
    }

    private static void Flush(IHost host)
    {
        Assert.True(host.Services.GetRequiredService<MeterProvider>().ForceFlush());
        Assert.True(host.Services.GetRequiredService<TracerProvider>().ForceFlush());
    }

    /// <summary>Keeps what OpenTelemetry exports.</summary>
    private sealed class Kept<T> : BaseExporter<T>
        where T : class
    {
        public ConcurrentQueue<T> Items { get; } = [];

        public override ExportResult Export(in Batch<T> batch)
        {
            foreach (var item in batch)
            {
                Items.Enqueue(item);
            }

            return ExportResult.Success;
        }
    }
}
