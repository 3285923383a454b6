using System.Buffers.Binary;
using System.Numerics;
using KadOrleans.Core;

namespace KadOrleans.Node.Trust;

/// <summary>
/// SipHash-2-4 (Aumasson, Bernstein, 2012) over whole 64-bit words: a keyed hash that cannot be predicted without the key. It costs some 50
/// ns, so a flood of guesses costs no more than any other datagrams.
/// </summary>
internal readonly struct KeyedHash
{
    private readonly ulong _key0;
    private readonly ulong _key1;

    public KeyedHash(IRandomSource random)
    {
        Span<byte> key = stackalloc byte[16];
        random.Fill(key);
        _key0 = BinaryPrimitives.ReadUInt64LittleEndian(key);
        _key1 = BinaryPrimitives.ReadUInt64LittleEndian(key[8..]);
    }

    public KeyedHash(ulong key0, ulong key1) => (_key0, _key1) = (key0, key1);

    /// <summary>The hash of the words, each as its eight bytes in little-endian order.</summary>
    public ulong Compute(params ReadOnlySpan<ulong> words)
    {
        var state = new State(_key0, _key1);
        foreach (var word in words)
        {
            state.Absorb(word);
        }

        // The last block has the length in bytes, modulo 256, at its top.
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
