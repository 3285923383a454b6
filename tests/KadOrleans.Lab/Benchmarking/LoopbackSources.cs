namespace KadOrleans.Lab.Benchmarking;

/// <summary>
/// Addresses 127.x.y.1 of this host, each in a /24 of its own. So each has its own share of a node's limits per source and subnet. One
/// socket bound to 0.0.0.0 has them all. It learns to which of them a datagram came, and chooses from which of them one leaves.
/// </summary>
internal static class LoopbackSources
{
    /// <summary>How many there are.</summary>
    public const int Most = 1_000;

    private const int PerBlock = 250;

    // Above 127.0.0.0/16, where other programs of the host listen.
    private const uint First = 0x7F_01_00_01;

    /// <summary>The address in host byte order.</summary>
    public static uint AddressOf(int index) => First + ((uint)(index / PerBlock) << 16) + ((uint)(index % PerBlock) << 8);

    /// <summary>The index of an address, or -1.</summary>
    public static int IndexOf(uint address)
    {
        var (block, place) = ((int)(address >> 16) - (int)(First >> 16), (int)(address >> 8) & 0xFF);
        var index = (block * PerBlock) + place;
        return index is >= 0 and < Most && place < PerBlock && AddressOf(index) == address ? index : -1;
    }
}
