using System.Buffers.Binary;
using System.Text;

namespace KadOrleans.GrainStorage.PostgreSql;

/// <summary>The columns of Orleans' table that say whose state a row is, and which one, as Orleans' provider fills them.</summary>
internal readonly record struct StateKey(
    int GrainIdHash, long GrainIdN0, long GrainIdN1, int GrainTypeHash, string GrainType, string? GrainIdExtension, string ServiceId)
{
    private const int GuidLength = 16;

    // A grain's key is a GUID or a number, each with or without a text behind it, or any other text. The column of the type has the
    // state's name.
    public static StateKey Of(string stateName, GrainId grain, string serviceId)
    {
        Span<byte> number = stackalloc byte[GuidLength];
        number.Clear();
        var length = 0;
        if (grain.TryGetGuidKey(out var guid, out var text))
        {
            guid.TryWriteBytes(number);
            length = GuidLength;
        }
        else if (grain.TryGetIntegerKey(out var integer, out text))
        {
            BinaryPrimitives.WriteInt64LittleEndian(number[sizeof(long)..], integer);
            length = sizeof(long);
        }
        else
        {
            text = grain.Key.ToString();
        }

        return new StateKey(
            HashOf(number[^length..], text),
            BinaryPrimitives.ReadInt64LittleEndian(number),
            BinaryPrimitives.ReadInt64LittleEndian(number[sizeof(long)..]),
            HashOf(Encoding.UTF8.GetBytes(stateName)),
            stateName,
            text,
            serviceId);
    }

    /// <summary>The order in which all silos lock rows.</summary>
    public int CompareTo(StateKey other)
    {
        var order = (GrainIdHash, GrainTypeHash, GrainIdN0, GrainIdN1).CompareTo(
            (other.GrainIdHash, other.GrainTypeHash, other.GrainIdN0, other.GrainIdN1));
        order = order != 0 ? order : string.CompareOrdinal(GrainType, other.GrainType);
        return order != 0 ? order : string.CompareOrdinal(GrainIdExtension, other.GrainIdExtension);
    }

    // The bytes of the number and then of the text, in reverse.
    private static int HashOf(ReadOnlySpan<byte> number, string? text)
    {
        byte[] bytes = [.. number, .. Encoding.UTF8.GetBytes(text ?? string.Empty)];
        Array.Reverse(bytes);
        return HashOf(bytes);
    }

    private static int HashOf(ReadOnlySpan<byte> bytes) => (int)StableHash.ComputeHash(bytes);
}
