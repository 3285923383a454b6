using System.Buffers.Binary;
using KadOrleans.Core;
using KadOrleans.Wire;

namespace KadOrleans.Node.Trust;

/// <summary>
/// Message ids of pings that prove an address without a table of pending pings. An id is a keyed hash of the endpoint and the minute, so a
/// node that echoes it received it there. It has the time of its issue, for the round trip. A flood of forged sources costs a hash and a
/// ping each, and no memory.
/// </summary>
internal sealed class AddressProofs
{
    /// <summary>
    /// An id is accepted in the epoch of its issue and in the next. If it is longer, a node can prove an address that it no longer has for
    /// longer. A slow node needs seconds.
    /// </summary>
    public static readonly TimeSpan Epoch = TimeSpan.FromMinutes(1);

    private readonly TimeProvider _time;
    private readonly long _startedAt;

    // Two keys, as one hash has 64 bits, and an id room for 96.
    private readonly KeyedHash _first;
    private readonly KeyedHash _second;
    private uint _issued;

    public AddressProofs(IRandomSource random, TimeProvider time)
    {
        (_time, _startedAt) = (time, time.GetTimestamp());
        (_first, _second) = (new KeyedHash(random), new KeyedHash(random));
    }

    private ulong CurrentEpoch => (ulong)(_time.GetElapsedTime(_startedAt).Ticks / Epoch.Ticks);

    /// <summary>Milliseconds since the start, modulo 2^32.</summary>
    private uint CurrentMillisecond => unchecked((uint)(_time.GetElapsedTime(_startedAt).Ticks / TimeSpan.TicksPerMillisecond));

    public MessageId Issue(UdpEndpoint endpoint)
    {
        // A counter makes each id unique. The top bit tells which of two epochs to check, so a check costs one hash.
        var epoch = CurrentEpoch;
        var number = (Interlocked.Increment(ref _issued) & 0x7FFF_FFFF) | ((uint)(epoch & 1) << 31);
        return Create(number, CurrentMillisecond, epoch, endpoint);
    }

    /// <summary>Whether an id was issued for this endpoint in this epoch or the one before.</summary>
    public bool IsProof(MessageId id, UdpEndpoint endpoint, out TimeSpan roundTrip)
    {
        Span<byte> bytes = stackalloc byte[MessageId.Length];
        id.CopyTo(bytes);
        var number = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        var issued = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
        var epoch = CurrentEpoch;
        roundTrip = TimeSpan.FromMilliseconds(unchecked(CurrentMillisecond - issued));
        return Create(number, issued, (epoch & 1) == number >> 31 ? epoch : epoch - 1, endpoint) == id;
    }

    private MessageId Create(uint number, uint issued, ulong epoch, UdpEndpoint endpoint)
    {
        ReadOnlySpan<ulong> words =
            [epoch, ((ulong)number << 32) | issued, endpoint.Port, endpoint.AddressHigh, endpoint.AddressLow];
        Span<byte> bytes = stackalloc byte[MessageId.Length];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], issued);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], _first.Compute(words));
        BinaryPrimitives.WriteUInt32BigEndian(bytes[16..], (uint)_second.Compute(words));
        return new MessageId(bytes);
    }
}
