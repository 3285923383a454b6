using System.Buffers.Binary;
using System.Globalization;
using KadOrleans.Core;

namespace KadOrleans.Wire;

/// <summary>
/// The 20 bytes by which a response names its request. The caller draws them at random and the response echoes them, which proves that its
/// sender has seen the request.
/// </summary>
internal readonly record struct MessageId
{
    public const int Length = 20;

    private readonly ulong _first;
    private readonly ulong _second;
    private readonly uint _third;

    /// <exception cref="ArgumentException"><paramref name="bytes"/> is not 20 bytes long.</exception>
    public MessageId(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Length)
        {
            throw new ArgumentException($"A message id is {Length} bytes long, not {bytes.Length}.", nameof(bytes));
        }

        _first = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _second = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _third = BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]);
    }

    /// <summary>A fresh id. Nodes that face a network pass a cryptographic source: a guessable id lets strangers forge responses.</summary>
    public static MessageId Random(IRandomSource random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Span<byte> bytes = stackalloc byte[Length];
        random.Fill(bytes);
        return new MessageId(bytes);
    }

    /// <exception cref="ArgumentOutOfRangeException"><paramref name="destination"/> is shorter than that.</exception>
    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _first);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _second);
        BinaryPrimitives.WriteUInt32BigEndian(destination[16..], _third);
    }

    /// <summary>A hash over all bytes, keyed per process, so that strangers cannot choose ids that collide.</summary>
    public override int GetHashCode() => HashCode.Combine(_first, _second, _third);

    /// <summary>40 lower-case hexadecimal digits.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{_first:x16}{_second:x16}{_third:x8}");
}
