using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.Loader;

namespace KadOrleans.Tests.Core;

public class UniversalHashTests
{
    private const int Secrets = 10;
    private const int Members = 3_000;

    [Fact]
    public void Codes_are_those_of_the_three_levels_as_their_papers_have_them() => Randomized.ForSeeds(500, random =>
    {
        var secret = random.NextBytes(UniversalHash.SecretLength);
        var hash = new UniversalHash(secret);
        var words = Enumerable.Range(0, 3).Select(_ => BinaryPrimitives.ReadUInt64LittleEndian(random.NextBytes(8))).ToArray();
        Assert.Equal(Compute(secret, [words[0], words[1], words[2], null]), hash.Compute(words[0], words[1], words[2]));
        Assert.Equal(Compute(secret, [words[0], words[1]]), hash.Compute(words[0], words[1]));
    });

    [Fact]
    public void Codes_of_every_family_differ_whatever_the_secret_is()
    {
        var random = new SeededRandomSource(5);
        for (var i = 0; i < Secrets; i++)
        {
            var hash = new UniversalHash(random.NextBytes(UniversalHash.SecretLength));
            AssertRandom(HashFamilies.Ids(Members, random), id => id.GetHashCode(hash));
            AssertRandom(HashFamilies.Endpoints(Members, random), endpoint => endpoint.GetHashCode(hash));
            AssertRandom(HashFamilies.Networks(Members, random), network => network.GetHashCode(hash));
        }
    }

    [Fact]
    public void Keys_that_collide_under_one_secret_do_not_under_another()
    {
        var random = new SeededRandomSource(6);
        var (first, second) = (new UniversalHash(random.NextBytes(UniversalHash.SecretLength)), new UniversalHash(random.NextBytes(UniversalHash.SecretLength)));

        // Of half a million ids, some thirty pairs have one code.
        var ids = Enumerable.Range(0, 500_000).Select(_ => NodeId.Random(random)).GroupBy(id => id.GetHashCode(first)).Where(group => group.Count() > 1).ToList();
        Assert.InRange(ids.Count, 5, 100);
        Assert.All(ids, group => Assert.NotEqual(group.First().GetHashCode(second), group.Last().GetHashCode(second)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(12)]
    [InlineData(16)]
    public void A_difference_by_which_two_ids_collide_makes_no_others_collide(int place)
    {
        var random = new SeededRandomSource(7);
        var hash = new UniversalHash(random.NextBytes(UniversalHash.SecretLength));
        var byCode = new Dictionary<int, uint>();
        var bytes = NodeId.Random(random).ToByteArray();
        var pairs = new List<(uint One, uint Other)>();
        for (var i = 0u; pairs.Count < 5; i++)
        {
            if (!byCode.TryAdd(Code(i), i))
            {
                pairs.Add((byCode[Code(i)], i));
            }
        }

        // Of each pair, a thousand others with the same difference: by xor and by addition, and the next step of it.
        Assert.All(pairs, pair => Assert.DoesNotContain(
            Enumerable.Range(1, 1_000).Select(i => (uint)i * 7_919),
            i => Code(pair.One ^ i) == Code(pair.Other ^ i) || Code(pair.One + i) == Code(pair.Other + i)));
        Assert.All(pairs, pair => Assert.NotEqual(Code(pair.Other), Code(pair.Other + (pair.Other - pair.One))));

        int Code(uint number)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(place), number);
            return new NodeId(bytes).GetHashCode(hash);
        }
    }

    [Fact]
    public void Each_process_draws_a_secret_of_its_own()
    {
        // As a process would, each context runs the initialization of the core anew.
        string[] texts = [.. Enumerable.Range(0, 100).Select(i => NodeId.FromKey($"{i}").ToString())];
        var (first, second) = (CodesOfAnother(texts), CodesOfAnother(texts));
        Assert.Equal(texts.Length, first.Distinct().Count());
        Assert.Empty(first.Intersect(second));
        Assert.Empty(first.Intersect(texts.Select(text => NodeId.Parse(text).GetHashCode())));
    }

    private static int[] CodesOfAnother(string[] texts)
    {
        var context = new AssemblyLoadContext("another process", isCollectible: true);
        var parse = context.LoadFromAssemblyPath(typeof(NodeId).Assembly.Location).GetType(typeof(NodeId).FullName!)!.GetMethod("Parse", [typeof(string)])!;
        int[] codes = [.. texts.Select(text => parse.Invoke(null, [text])!.GetHashCode())];
        context.Unload();
        return codes;
    }

    // NH over pairs of words, of which null is none and counts as the secret alone; NH over the halves of its sum; Multilinear-HM over the
    // four parts of that.
    private static int Compute(byte[] secret, ulong?[] words)
    {
        var word = BigInteger.One << 64;
        var key = Enumerable.Range(0, 11).Select(i => (BigInteger)BinaryPrimitives.ReadUInt64LittleEndian(secret.AsSpan(8 * i))).ToArray();
        var sum = BigInteger.Zero;
        for (var i = 0; i < words.Length; i += 2)
        {
            sum += (((words[i] ?? 0) + key[i]) % word) * (((words[i + 1] ?? 0) + key[i + 1]) % word);
        }

        sum %= word * word;
        var product = (((sum % word) + key[4]) % word) * (((sum / word) + key[5]) % word);
        var parts = Enumerable.Range(0, 4).Select(i => (product >> (32 * i)) % (BigInteger.One << 32)).ToArray();
        var end = key[6] + ((key[7] + parts[0]) * (key[8] + parts[1])) + ((key[9] + parts[2]) * (key[10] + parts[3]));
        return unchecked((int)(uint)((end % word) >> 32));
    }

    private static void AssertRandom<T>(IEnumerable<KeyValuePair<string, T[]>> families, Func<T, int> code) => Assert.All(
        families, family => HashSpread.AssertRandom(family.Key, [.. family.Value.Select(code)], [4, 10]));
}
