using System.Buffers.Binary;
using System.Globalization;
using static KadOrleans.Testing.Telemetry.ProtobufField;

namespace KadOrleans.Testing.Telemetry;

/// <summary>Reads what an OTLP exporter sends: opentelemetry-proto 1.x, as far as tests need it.</summary>
internal static class OtlpReader
{
    /// <summary>The metrics of an ExportMetricsServiceRequest.</summary>
    public static IEnumerable<ReceivedMetric> Metrics(ReadOnlyMemory<byte> request, int export) =>
        from resource in Messages(request, 1)
        let tags = Tags(Messages(resource, 1).Single(), 1)
        from scope in Messages(resource, 2)
        let meter = ScopeName(scope)
        from metric in Messages(scope, 2)
        select Metric(export, tags, meter, metric);

    /// <summary>Source and name of the spans of an ExportTraceServiceRequest.</summary>
    public static IEnumerable<(string Source, string Name)> Spans(ReadOnlyMemory<byte> request) =>
        from resource in Messages(request, 1)
        from scope in Messages(resource, 2)
        from span in Messages(scope, 2)
        select (ScopeName(scope), Read(span).Single(f => f.Number == 5).Text);

    private static string ScopeName(ReadOnlyMemory<byte> scope) =>
        Read(Messages(scope, 1).Single()).First(f => f.Number == 1).Text;

    private static ReceivedMetric Metric(
        int export, Dictionary<string, string> resource, string meter, ReadOnlyMemory<byte> metric)
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

        return new ReceivedMetric(
            resource.GetValueOrDefault("service.name", string.Empty),
            resource.GetValueOrDefault("service.instance.id", string.Empty),
            meter, name, kind, unit, export, points);
    }

    private static List<ReceivedPoint> Numbers(ReadOnlyMemory<byte> data) => [.. Messages(data, 1).Select(point => new ReceivedPoint(
        Tags(point, 7),
        Read(point).Where(f => f.Number is 4 or 6)
            .Select(f => f.Number == 4 ? BitConverter.UInt64BitsToDouble(f.Value) : (long)f.Value)
            .FirstOrDefault()))];

    private static ReceivedPoint Histogram(ReadOnlyMemory<byte> point)
    {
        double[] counts = [.. Packed(point, 6).Select(bits => (double)bits)];
        double[] bounds = [.. Packed(point, 7).Select(BitConverter.UInt64BitsToDouble), double.PositiveInfinity];
        return new ReceivedPoint(Tags(point, 9), Read(point).First(f => f.Number == 4).Value)
        {
            Sum = BitConverter.UInt64BitsToDouble(Read(point).First(f => f.Number == 5).Value),
            Buckets = [.. bounds.Zip(counts)],
        };
    }

    private static IEnumerable<ulong> Packed(ReadOnlyMemory<byte> message, int number) =>
        from field in Messages(message, number)
        from start in Enumerable.Range(0, field.Length / sizeof(ulong))
        select BinaryPrimitives.ReadUInt64LittleEndian(field.Span[(start * sizeof(ulong))..]);

    private static Dictionary<string, string> Tags(ReadOnlyMemory<byte> message, int number) => Messages(message, number).ToDictionary(
        tag => Read(tag).First(f => f.Number == 1).Text,
        tag => AnyValue(Messages(tag, 2).Single()));

    private static string AnyValue(ReadOnlyMemory<byte> value)
    {
        var field = Read(value).Single();
        return field.Number == 1 ? field.Text : field.Value.ToString(CultureInfo.InvariantCulture);
    }
}
