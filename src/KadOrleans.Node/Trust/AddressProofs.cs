using System.Buffers.Binary;
using System.Numerics;

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

/// <summary>SipHash-2-4 (Aumasson, Bernstein, 2012) over 64-bit little-endian words; some 50 ns.</summary>
internal readonly struct KeyedHash(ulong key0, ulong key1)
{
    public static KeyedHash Create(IRandomSource random)
    {
        Span<byte> key = stackalloc byte[16];
        random.Fill(key);
        return new KeyedHash(BinaryPrimitives.ReadUInt64LittleEndian(key), BinaryPrimitives.ReadUInt64LittleEndian(key[8..]));
    }

    public ulong Compute(params ReadOnlySpan<ulong> words)
    {
        var state = new State(key0, key1);
        foreach (var word in words)
        {
            state.Absorb(word);
        }

        // The last block has the length in bytes at its top.
        state.Absorb((ulong)(words.Length * sizeof(ulong)) << 56);
        return state.Finish();
    }

    private ref struct State(ulong key0, ulong key1)
    {
        // "somepseudorandomlygeneratedbytes", as the paper has it.
        private ulong _v0 = key0 ^ 0x736F6D6570736575;
        private ulong _v1 = key1 ^ 0x646F72616E646F6D;
        private ulong _v2 = key0 ^ 0x6C7967656E657261;
        private ulong _v3 = key1 ^ 0x7465646279746573;

        public void Absorb(ulong word)
        {
            _v3 ^= word;
            Round();
            Round();
            _v0 ^= word;
        }

        public ulong Finish()
        {
            _v2 ^= 0xFF;
            for (var i = 0; i < 4; i++)
            {
                Round();
            }

            return _v0 ^ _v1 ^ _v2 ^ _v3;
        }

        private void Round()
        {
            _v0 += _v1;
            _v1 = BitOperations.RotateLeft(_v1, 13) ^ _v0;
            _v0 = BitOperations.RotateLeft(_v0, 32);
            _v2 += _v3;
            _v3 = BitOperations.RotateLeft(_v3, 16) ^ _v2;
            _v0 += _v3;
            _v3 = BitOperations.RotateLeft(_v3, 21) ^ _v0;
            _v2 += _v1;
            _v1 = BitOperations.RotateLeft(_v1, 17) ^ _v2;
            _v2 = BitOperations.RotateLeft(_v2, 32);
        }
    }
}
