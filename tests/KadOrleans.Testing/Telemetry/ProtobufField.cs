using System.Buffers.Binary;
using System.Text;

namespace KadOrleans.Testing.Telemetry;

/// <summary>One field of a protobuf message.</summary>
/// <param name="Number">As the .proto file has it.</param>
/// <param name="Value">Of a varint or a fixed-width field, its bits.</param>
/// <param name="Bytes">Of a text, a message or a packed array.</param>
internal readonly record struct ProtobufField(int Number, ulong Value, ReadOnlyMemory<byte> Bytes)
{
    public string Text => Encoding.UTF8.GetString(Bytes.Span);

    /// <summary>The fields of a message, in their order.</summary>
    public static IEnumerable<ProtobufField> Read(ReadOnlyMemory<byte> message)
    {
        while (!message.IsEmpty)
        {
            var tag = ReadVarint(ref message);
            yield return ReadValue((int)(tag >> 3), (int)(tag & 7), ref message);
        }
    }

    /// <summary>The messages in the fields of a number.</summary>
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
