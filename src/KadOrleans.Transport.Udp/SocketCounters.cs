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

/// <summary>
/// What the threads that send through one socket count, with atomic writes. The empty bytes around keep them out of
/// the cache lines of the receiving thread.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 192)]
internal struct SendCounters
{
    [FieldOffset(64)]
    internal long Datagrams;

    [FieldOffset(72)]
    internal long Bytes;

    [FieldOffset(80)]
    internal long Failures;
}
