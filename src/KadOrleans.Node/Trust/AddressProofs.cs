using System.Buffers.Binary;

namespace KadOrleans.Node;

/// <summary>Ids of pings that prove an address: a keyed hash of endpoint and epoch. Forged sources cost no memory.</summary>
internal sealed class AddressProofs(IRandomSource random, TimeProvider time)
{
    /// <summary>An id is accepted in its epoch and the next: an endpoint soon loses an address.</summary>
    public static readonly TimeSpan Epoch = TimeSpan.FromMinutes(1);

    private readonly long _startedAt = time.GetTimestamp();

    // One hash has 64 bits, an id room for 96.
    private readonly KeyedHash _first = KeyedHash.Create(random);
    private readonly KeyedHash _second = KeyedHash.Create(random);
    private uint _issued;

    private ulong CurrentEpoch => (ulong)(time.GetElapsedTime(_startedAt).Ticks / Epoch.Ticks);

    private uint CurrentMillisecond => unchecked((uint)(time.GetElapsedTime(_startedAt).Ticks / TimeSpan.TicksPerMillisecond));

    public MessageId Issue(UdpEndpoint endpoint)
    {
        // The counter makes each id unique. The top bit tells which epoch to check, so a check costs one hash.
        var epoch = CurrentEpoch;
        var number = (Interlocked.Increment(ref _issued) & 0x7FFF_FFFF) | ((uint)(epoch & 1) << 31);
        return Create(number, CurrentMillisecond, epoch, endpoint);
    }

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
