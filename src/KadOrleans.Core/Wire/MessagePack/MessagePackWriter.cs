using System.Numerics;
using static KadOrleans.Core.MessagePackCode;

namespace KadOrleans.Core;

// Writes MessagePack in the shortest form, as the network's nodes do. A span too short is a bug of the caller and throws.
internal ref struct MessagePackWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;

    public int Length { get; private set; }

    public void WriteNil() => WriteByte(MessagePackCode.Nil);

    public void WriteBoolean(bool value) => WriteByte(value ? True : False);

    public void WriteArrayHeader(int count) => WriteHeader(FixArray, MaxFixCount, Array16, sizeof(ushort), count);

    public void WriteMapHeader(int count) => WriteByte((byte)(FixMap + count));

    public void WriteString(scoped ReadOnlySpan<byte> utf8)
    {
        WriteHeader(FixString, MaxFixStringLength, String8, sizeof(byte), utf8.Length);
        WriteRaw(utf8);
    }

    public void WriteBinary(scoped ReadOnlySpan<byte> bytes)
    {
        WriteWide(Binary8, (ulong)bytes.Length, minimumWidth: sizeof(byte));
        WriteRaw(bytes);
    }

    public void WriteNodeId(NodeId id)
    {
        WriteByte(Binary8);
        WriteByte(NodeId.Length);
        id.CopyTo(_destination[Length..]);
        Length += NodeId.Length;
    }

    public void WriteEndpoint(UdpEndpoint endpoint)
    {
        if (endpoint.IsIPv4 && _destination.Length - Length > AddressText.MaxLength)
        {
            // In place: its header is always one byte.
            var length = AddressText.Write(endpoint, _destination[(Length + 1)..]);
            _destination[Length] = (byte)(FixString + length);
            Length += 1 + length;
        }
        else
        {
            Span<byte> text = stackalloc byte[AddressText.MaxLength];
            WriteString(text[..AddressText.Write(endpoint, text)]);
        }

        WriteUnsigned(endpoint.Port);
    }

    public void WriteUnsigned(ulong number)
    {
        if (number <= MaxPositiveFixInt)
        {
            WriteByte((byte)number);
        }
        else if (number is > byte.MaxValue and <= ushort.MaxValue)
        {
            // Nearly all ports.
            WriteByte(Unsigned16);
            BinaryPrimitives.WriteUInt16BigEndian(_destination[Length..], (ushort)number);
            Length += sizeof(ushort);
        }
        else
        {
            WriteWide(Unsigned8, number, minimumWidth: sizeof(byte));
        }
    }

    public void WriteNegative(long number)
    {
        if (number >= unchecked((sbyte)MinNegativeFixInt))
        {
            WriteByte(unchecked((byte)number));
            return;
        }

        // With its sign it takes one bit more than its complement.
        var width = WidthOf(unchecked((ulong)~number << 1));
        WriteByte((byte)(Signed8 + BitOperations.Log2((uint)width)));
        WriteNumber(unchecked((ulong)number), width);
    }

    public void WriteFloat(double number)
    {
        WriteByte(Float64);
        WriteNumber(BitConverter.DoubleToUInt64Bits(number), sizeof(double));
    }

    public void WriteValue(DhtValue value)
    {
        switch (value.Kind)
        {
            case DhtValueKind.String:
                WriteString(value.AsUtf8().Span);
                break;
            case DhtValueKind.Bytes:
                WriteBinary(value.AsBytes().Span);
                break;
            case DhtValueKind.Integer when value.AsInteger() < 0:
                WriteNegative((long)value.AsInteger());
                break;
            case DhtValueKind.Integer:
                WriteUnsigned((ulong)value.AsInteger());
                break;
            case DhtValueKind.Float:
                WriteFloat(value.AsFloat());
                break;
            case DhtValueKind.Boolean:
                WriteBoolean(value.AsBoolean());
                break;
            default:
                throw new ArgumentException("The value is empty (default(DhtValue)) and cannot be written.", nameof(value));
        }
    }

    private void WriteHeader(byte fix, int maxFix, byte narrowest, int minimumWidth, int count)
    {
        if (count <= maxFix)
        {
            WriteByte((byte)(fix + count));
        }
        else
        {
            WriteWide(narrowest, (ulong)count, minimumWidth);
        }
    }

    private static int WidthOf(ulong number) => number switch
    {
        <= byte.MaxValue => sizeof(byte),
        <= ushort.MaxValue => sizeof(ushort),
        <= uint.MaxValue => sizeof(uint),
        _ => sizeof(ulong),
    };

    /// <summary>The narrowest of a family of headers whose codes follow one another as their widths double.</summary>
    private void WriteWide(byte narrowest, ulong number, int minimumWidth)
    {
        var width = Math.Max(WidthOf(number), minimumWidth);
        WriteByte((byte)(narrowest + BitOperations.Log2((uint)(width / minimumWidth))));
        WriteNumber(number, width);
    }

    private void WriteNumber(ulong number, int width)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, number);
        WriteRaw(bytes[^width..]);
    }

    private void WriteByte(byte value) => _destination[Length++] = value;

    private void WriteRaw(scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_destination[Length..]);
        Length += bytes.Length;
    }
}
