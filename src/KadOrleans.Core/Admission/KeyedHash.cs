using System.Numerics;

namespace KadOrleans.Core.Admission;

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
