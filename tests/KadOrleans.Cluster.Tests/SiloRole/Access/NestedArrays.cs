using System.Buffers;
using System.Collections;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.Configuration;
using Orleans.Serialization.Serializers;
using Orleans.Serialization.WireProtocol;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>
/// On the wire an <c>object[]</c> within an <c>object[]</c>, so many deep. Whoever sends it has it flat, and reads what comes back flat, so that
/// its own stack does not overflow. It passes for a list of keys, so it can be an argument, too.
/// </summary>
[Immutable]
internal sealed class NestedArrays(int depth) : IReadOnlyList<NodeId>
{
    public int Depth => depth;

    public int Count => 0;

    public NodeId this[int index] => throw new ArgumentOutOfRangeException(nameof(index));

    public static void Add(IClientBuilder client)
    {
        client.Services.AddSingleton<IGeneralizedCodec, FlatWriter>();
        client.Configure<TypeManifestOptions>(types => types.FieldCodecs.Add(typeof(FlatReader)));
    }

    public IEnumerator<NodeId> GetEnumerator() => Enumerable.Empty<NodeId>().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    // As Orleans writes arrays that have one element each.
    private sealed class FlatWriter : IGeneralizedCodec
    {
        private const uint LengthField = 0;
        private const uint ElementField = 1;

        public bool IsSupportedType(Type type) => type == typeof(NestedArrays);

        public void WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, Type? expectedType, object? value)
            where TBufferWriter : IBufferWriter<byte>
        {
            var depth = ((NestedArrays)value!).Depth;
            WriteStart(ref writer, fieldIdDelta, expectedType);
            for (var level = 1; level < depth; level++)
            {
                UInt32Codec.WriteField(ref writer, LengthField, 1);
                WriteStart(ref writer, ElementField, typeof(object));
            }

            for (var level = 0; level < depth; level++)
            {
                writer.WriteEndObject();
            }
        }

        public object ReadValue<TInput>(ref Reader<TInput> reader, Field field) => throw new NotSupportedException("It is sent only.");

        private static void WriteStart<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, Type? expectedType)
            where TBufferWriter : IBufferWriter<byte>
        {
            ReferenceCodec.MarkValueField(writer.Session);
            writer.WriteFieldHeader(fieldIdDelta, expectedType, typeof(object[]), WireType.TagDelimited);
        }
    }

    // Of arrays that come back nothing is of interest.
    private sealed class FlatReader : IFieldCodec<object[]>
    {
        public void WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, Type? expectedType, object[]? value)
            where TBufferWriter : IBufferWriter<byte> => throw new NotSupportedException("It is read only.");

        public object[] ReadValue<TInput>(ref Reader<TInput> reader, Field field)
        {
            ReferenceCodec.MarkValueField(reader.Session);
            for (var open = 1; open > 0;)
            {
                var header = reader.ReadFieldHeader();
                if (header.IsEndBaseOrEndObject)
                {
                    open--;
                }
                else if (header.WireType == WireType.TagDelimited)
                {
                    ReferenceCodec.MarkValueField(reader.Session);
                    open++;
                }
                else
                {
                    reader.SkipField(header);
                }
            }

            return [];
        }
    }
}
