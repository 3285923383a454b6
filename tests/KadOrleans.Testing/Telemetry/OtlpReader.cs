using System.Globalization;
using static KadOrleans.Testing.Telemetry.ProtobufField;

namespace KadOrleans.Testing.Telemetry;

/// <summary>Reads what an OTLP exporter sends: opentelemetry-proto 1.x, as far as tests need it.</summary>
internal static class OtlpReader
{
    /// <summary>The metrics of an ExportMetricsServiceRequest.</summary>
    public static IEnumerable<ReceivedMetric> Metrics(ReadOnlyMemory<byte> request) =>
        from resource in Messages(request, 1)
        let service = Service(resource)
        from scope in Messages(resource, 2)
        let meter = ScopeName(scope)
        from metric in Messages(scope, 2)
        select Metric(service, meter, metric);

    /// <summary>Source and name of the spans of an ExportTraceServiceRequest.</summary>
    public static IEnumerable<(string Source, string Name)> Spans(ReadOnlyMemory<byte> request) =>
        from resource in Messages(request, 1)
        from scope in Messages(resource, 2)
        from span in Messages(scope, 2)
        select (ScopeName(scope), Read(span).Single(f => f.Number == 5).Text);

    private static string Service(ReadOnlyMemory<byte> resource) =>
        Tags(Messages(resource, 1).Single(), 1).GetValueOrDefault("service.name", string.Empty);

    private static string ScopeName(ReadOnlyMemory<byte> scope) =>
        Read(Messages(scope, 1).Single()).First(f => f.Number == 1).Text;

    private static ReceivedMetric Metric(string service, string meter, ReadOnlyMemory<byte> metric)
    {
        string name = string.Empty, unit = string.Empty, kind = string.Empty;
        IReadOnlyList<ReceivedPoint> points = [];
        foreach (var field in Read(metric))
        {
            switch (field.Number)
            {
                case 1:
                    name = field.Text;
                    break;
                case 3:
                    unit = field.Text;
                    break;
                case 5:
                    (kind, points) = ("gauge", Numbers(field.Bytes));
                    break;
                case 7:
                    var isMonotonic = Read(field.Bytes).Any(f => f is { Number: 3, Value: 1 });
                    (kind, points) = (isMonotonic ? "counter" : "up-down counter", Numbers(field.Bytes));
                    break;
                case 9:
                    (kind, points) = ("histogram", [.. Messages(field.Bytes, 1).Select(Histogram)]);
                    break;
                default:
                    break;
            }
        }

        return new ReceivedMetric(service, meter, name, kind, unit, points);
    }

    private static List<ReceivedPoint> Numbers(ReadOnlyMemory<byte> data) => [.. Messages(data, 1).Select(point => new ReceivedPoint(
        Tags(point, 7),
        Read(point).Where(f => f.Number is 4 or 6)
            .Select(f => f.Number == 4 ? BitConverter.UInt64BitsToDouble(f.Value) : (long)f.Value)
            .FirstOrDefault()))];

    private static ReceivedPoint Histogram(ReadOnlyMemory<byte> point) =>
        new(Tags(point, 9), Read(point).First(f => f.Number == 4).Value);

    private static Dictionary<string, string> Tags(ReadOnlyMemory<byte> message, int number) => Messages(message, number).ToDictionary(
        tag => Read(tag).First(f => f.Number == 1).Text,
        tag => AnyValue(Messages(tag, 2).Single()));

    private static string AnyValue(ReadOnlyMemory<byte> value)
    {
        var field = Read(value).Single();
        return field.Number == 1 ? field.Text : field.Value.ToString(CultureInfo.InvariantCulture);
    }
}
