using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace KadOrleans.Cli.Benchmarking;

/// <summary>
/// The control data that says which local address a datagram came to or leaves from (IP_PKTINFO of ip(7)), as 64-bit Linux
/// lays it out: length, level and type of the header; index of the interface, local address, address in the datagram.
/// </summary>
internal static class PacketInformation
{
    /// <summary>Bytes of it all.</summary>
    public const int Length = 32;

    private const long LengthOfData = 28;
    private const int Level = 0;
    private const int Type = 8;
    private const int LocalAddressAt = 20;
    private const int AddressAt = 24;

    public static void Write(Span<byte> control, uint localAddress)
    {
        MemoryMarshal.Write(control, LengthOfData);
        MemoryMarshal.Write(control[8..], Level);
        MemoryMarshal.Write(control[12..], Type);
        BinaryPrimitives.WriteUInt32BigEndian(control[LocalAddressAt..], localAddress);
    }

    public static bool TryRead(ReadOnlySpan<byte> control, int length, out uint address)
    {
        address = 0;
        if (length < LengthOfData || MemoryMarshal.Read<int>(control[8..]) != Level || MemoryMarshal.Read<int>(control[12..]) != Type)
        {
            return false;
        }

        address = BinaryPrimitives.ReadUInt32BigEndian(control[AddressAt..]);
        return true;
    }
}
