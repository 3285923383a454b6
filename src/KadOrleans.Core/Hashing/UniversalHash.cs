using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;

namespace KadOrleans.Core;

/// <summary>
/// The hash of everything that strangers choose and that is a key of a dictionary, an index, a cache or a stripe: it takes all bits in under a
/// secret of <see cref="SecretLength"/> bytes, in a few nanoseconds.
/// </summary>
/// <remarks>
/// <para>
/// Two different keys that are chosen without the secret have the same code with a probability of 2^-32, and agree in any n bits of it with
/// one of 2^-n, each plus 2^-63. So however a stranger chooses keys, the chains of a table are on average no longer than those of random keys
/// (Carter and Wegman, 1979). There is no weak word, such as one that makes a product zero whatever the other word is: to hit it takes a guess
/// of 64 bits of the secret, and the bound counts that.
/// </para>
/// <para>
/// The first two levels are NH of UMAC (Black, Halevi, Krawczyk, Krovetz and Rogaway, CRYPTO 1999): words with a secret added to each, multiplied
/// in pairs to 128 bits, and the sum of the products. Two different inputs have one sum for one in 2^64 secrets at most. The third level,
/// Multilinear-HM (Lemire and Kaser, Computer Journal 2014), makes 32 bits of the four 32-bit parts of the second sum. It is strongly universal:
/// any two codes are independent and uniform.
/// </para>
/// <para>
/// The bounds hold for keys that were chosen without having seen codes, so codes are never sent, logged or stored. Timing may tell at most that
/// two keys share a bucket. One level of NH would be enough for the bounds, but is linear in each word alone, so that keys at equal distances
/// would fill buckets unevenly, and the difference of two that collide would lead to more. The second level multiplies both halves of its sum.
/// </para>
/// </remarks>
internal readonly struct UniversalHash
{
    /// <summary>Length of a secret in bytes.</summary>
    public const int SecretLength = 11 * sizeof(ulong);

    /// <summary>The hash of this process.</summary>
    public static readonly UniversalHash OfProcess = Create();

    private readonly ulong _word0;
    private readonly ulong _word1;
    private readonly ulong _word2;
    private readonly ulong _word3;
    private readonly ulong _low;
    private readonly ulong _high;
    private readonly ulong _start;
    private readonly ulong _part0;
    private readonly ulong _part1;
    private readonly ulong _part2;
    private readonly ulong _part3;

    /// <summary>The hash of a secret; tests have their own.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="secret"/> is shorter than <see cref="SecretLength"/>.</exception>
    public UniversalHash(ReadOnlySpan<byte> secret)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(secret.Length, SecretLength);
        var words = MemoryMarshal.Cast<byte, ulong>(secret);
        (_word0, _word1, _word2, _word3) = (words[0], words[1], words[2], words[3]);
        (_low, _high, _start) = (words[4], words[5], words[6]);
        (_part0, _part1, _part2, _part3) = (words[7], words[8], words[9], words[10]);
    }

    /// <summary>The code of two words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Compute(ulong first, ulong second)
    {
        var high = Multiply(first + _word0, second + _word1, out var low);
        return Finish(high, low);
    }

    /// <summary>The code of three words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Compute(ulong first, ulong second, ulong third)
    {
        var high = Multiply(first + _word0, second + _word1, out var low);

        // The last word has no other beside it: as if that were zero.
        high += Multiply(third + _word2, _word3, out var added);
        low += added;
        high += low < added ? 1UL : 0;
        return Finish(high, low);
    }

    /// <summary>The code of four words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Compute(ulong first, ulong second, ulong third, ulong fourth)
    {
        var high = Multiply(first + _word0, second + _word1, out var low);
        high += Multiply(third + _word2, fourth + _word3, out var added);
        low += added;
        high += low < added ? 1UL : 0;
        return Finish(high, low);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Finish(ulong high, ulong low)
    {
        high = Multiply(high + _high, low + _low, out low);
        var parts = ((_part0 + (uint)low) * (_part1 + (low >> 32))) + ((_part2 + (uint)high) * (_part3 + (high >> 32)));
        return (int)((_start + parts) >> 32);
    }

    // Math.BigMul writes its lower half to memory and reads it again, which takes longer than a second multiplication.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Multiply(ulong left, ulong right, out ulong low)
    {
        low = left * right;
        return Bmi2.X64.IsSupported ? Bmi2.X64.MultiplyNoFlags(left, right) : Math.BigMul(left, right, out _);
    }

    // The one use of ambient randomness in the core, where randomness is passed in otherwise: GetHashCode takes no argument. A code says where a
    // key lies, in a bucket, a stripe or a part of a cache, and not what is answered or sent. So runs of a simulation that are repeated by a
    // seed stay the same, as they did with the seed of HashCode, which .NET draws in each process.
    [SuppressMessage("ApiDesign", "RS0030", Justification = "GetHashCode takes no argument, and a code decides no behaviour.")]
    private static UniversalHash Create()
    {
        Span<byte> secret = stackalloc byte[SecretLength];
        RandomNumberGenerator.Fill(secret);
        return new UniversalHash(secret);
    }
}
