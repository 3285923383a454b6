using FsCheck;
using FsCheck.Fluent;

namespace KadOrleans.Lab;

/// <summary>Random cases; FsCheck prints the case, shrunk, and its seed when one fails.</summary>
public static class Randomized
{
    public static void ForSeeds(int count, Action<SeededRandomSource> check) =>
        Check(count, Arb.From(Gen.Choose(0, int.MaxValue - 1)), seed => check(new SeededRandomSource(seed)));

    /// <summary>Sequences of steps, each one number for the test to read as it likes; shrunk to the fewest steps.</summary>
    public static void ForSteps(int count, int length, Action<IReadOnlyList<int>> check) =>
        Check(count, Arb.From(Gen.Choose(0, int.MaxValue - 1).ArrayOf(length), Shorter), check);

    public static uint NextUInt32(this SeededRandomSource random)
    {
        Span<byte> bytes = stackalloc byte[4];
        random.Fill(bytes);
        return BitConverter.ToUInt32(bytes);
    }

    public static byte[] NextBytes(this SeededRandomSource random, int length)
    {
        var bytes = new byte[length];
        random.Fill(bytes);
        return bytes;
    }

    private static void Check<T>(int count, Arbitrary<T> cases, Action<T> check) =>
        Prop.ForAll(cases, check).Check(Config.QuickThrowOnFailure.WithMaxTest(count));

    private static IEnumerable<int[]> Shorter(int[] steps)
    {
        for (var size = steps.Length / 2; size > 0; size /= 2)
        {
            for (var start = 0; start + size <= steps.Length; start += size)
            {
                yield return [.. steps[..start], .. steps[(start + size)..]];
            }
        }
    }
}
