using System.Runtime.InteropServices;

namespace KadOrleans.Transport.Udp;

/// <summary>
/// What one receiving thread counts. Only that thread writes; the empty bytes around keep other threads' writes out
/// of its cache lines.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 192)]
internal struct ReceiveCounters
{
    [FieldOffset(64)]
    internal long Datagrams;

    [FieldOffset(72)]
    internal long Bytes;

    [FieldOffset(80)]
    internal long Errors;

    [FieldOffset(88)]
    internal long ReceiverFaults;
}
