using System.Text;
using static KadOrleans.Lab.ProtobufField;

namespace KadOrleans.Lab;

/// <summary>Reads what an OTLP exporter sends: opentelemetry-proto 1.x, as far as tests need it.</summary>
internal static class OtlpReader
{
    public static IEnumerable<ReceivedMetric> Metrics(ReadOnlyMemory<byte> request, int export) =>
        from resource in Messages(request, 1)
        let tags = Tags(Messages(resource, 1).Single(), 1)
        from scope in Messages(resource, 2)
        let meter = ScopeName(scope)
        from metric in Messages(scope, 2)
        select Metric(export, tags, meter, metric);

    public static IEnumerable<ReceivedSpan> Spans(ReadOnlyMemory<byte> request) =>
        from resource in Messages(request, 1)
        let tags = Tags(Messages(resource, 1).Single(), 1)
        from scope in Messages(resource, 2)
        let source = ScopeName(scope)
        from span in Messages(scope, 2)
        let fields = Read(span).ToLookup(f => f.Number)
        select new ReceivedSpan(
            tags,
            source,
            fields[5].Single().Text,
            Id(fields[1]),
            Id(fields[2]),
            Id(fields[4]),
            (int)fields[6].SingleOrDefault().Value,
            (int)fields[15].SelectMany(status => Read(status.Bytes)).SingleOrDefault(f => f.Number == 3).Value,
            Tags(span, 9));

    public static IEnumerable<ReceivedLog> Logs(ReadOnlyMemory<byte> request) =>
        from resource in Messages(request, 1)
        let tags = Tags(Messages(resource, 1).Single(), 1)
        from scope in Messages(resource, 2)
        let category = ScopeName(scope)
        from record in Messages(scope, 2)
        select new ReceivedLog(
            tags,
            category,
            Messages(record, 5).Select(AnyValue).SingleOrDefault(string.Empty),
            Id(Read(record).Where(f => f.Number == 9)),
            Tags(record, 6));

    private static string Id(IEnumerable<ProtobufField> fields) => Convert.ToHexStringLower(fields.SingleOrDefault().Bytes.Span);

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

    // Of several of one name, as scopes within each other may have, the last.
    private static Dictionary<string, string> Tags(ReadOnlyMemory<byte> message, int number) => Messages(message, number)
        .GroupBy(tag => Read(tag).First(f => f.Number == 1).Text)
        .ToDictionary(tags => tags.Key, tags => Messages(tags.Last(), 2).Select(AnyValue).SingleOrDefault(string.Empty));

    private static string AnyValue(ReadOnlyMemory<byte> value)
    {
        var field = Read(value).SingleOrDefault();
        return field.Number == 1 ? field.Text : field.Value.ToString(CultureInfo.InvariantCulture);
    }
}

/// <summary>One field of a protobuf message: the bits of a number, or the bytes of a text, message or packed array.</summary>
internal readonly record struct ProtobufField(int Number, ulong Value, ReadOnlyMemory<byte> Bytes)
{
    public string Text => Encoding.UTF8.GetString(Bytes.Span);

    public static IEnumerable<ProtobufField> Read(ReadOnlyMemory<byte> message)
    {
        while (!message.IsEmpty)
        {
            var tag = ReadVarint(ref message);
            yield return ReadValue((int)(tag >> 3), (int)(tag & 7), ref message);
        }
    }

    public static IEnumerable<ReadOnlyMemory<byte>> Messages(ReadOnlyMemory<byte> message, int number) =>
        Read(message).Where(field => field.Number == number).Select(field => field.Bytes);

    private static ProtobufField ReadValue(int number, int wireType, ref ReadOnlyMemory<byte> message)
    {
        switch (wireType)
        {
            case 0:
                return new ProtobufField(number, ReadVarint(ref message), default);
            case 1:
                return new ProtobufField(number, BinaryPrimitives.ReadUInt64LittleEndian(Take(ref message, 8).Span), default);
            case 2:
                var length = (int)ReadVarint(ref message);
                return new ProtobufField(number, 0, Take(ref message, length));
            case 5:
                return new ProtobufField(number, BinaryPrimitives.ReadUInt32LittleEndian(Take(ref message, 4).Span), default);
            default:
                throw new InvalidDataException($"No wire type {wireType} is known.");
        }
    }

    private static ulong ReadVarint(ref ReadOnlyMemory<byte> message)
    {
        var value = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var next = Take(ref message, 1).Span[0];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }

    private static ReadOnlyMemory<byte> Take(ref ReadOnlyMemory<byte> message, int length)
    {
        var taken = message[..length];
        message = message[length..];
        return taken;
    }
}
