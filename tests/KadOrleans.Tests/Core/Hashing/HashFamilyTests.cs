namespace KadOrleans.Tests.Core;

/// <summary>What strangers choose has different hash codes, and each few bits of them are spread, whatever the family.</summary>
public class HashFamilyTests
{
    public const int Members = 10_000;

    /// <summary>Of so many random codes all are different but once in eighty runs, when one pair is not.</summary>
    public const int LeastDistinct = 9_900;

    // Bits that stripes, parts of caches and buckets of an index take.
    private static readonly int[] BitCounts = [1, 4, 8, 10, 13];

    [Fact]
    public void Ids_of_every_family_have_different_codes_and_fill_buckets_evenly() =>
        AssertSpread(HashFamilies.Ids(Members, new SeededRandomSource(1)));

    [Fact]
    public void Endpoints_of_every_family_have_different_codes_and_fill_buckets_evenly() =>
        AssertSpread(HashFamilies.Endpoints(Members, new SeededRandomSource(2)));

    [Fact]
    public void Networks_of_every_family_have_different_codes_and_fill_buckets_evenly() =>
        AssertSpread(HashFamilies.Networks(Members, new SeededRandomSource(3)));

    [Fact]
    public void What_is_made_of_ids_and_endpoints_has_different_codes_too()
    {
        var random = new SeededRandomSource(4);
        UdpEndpoint[] endpoints = [.. Enumerable.Range(0, Members).Select(_ => HashFamilies.FoldedEndpoint(random)).Distinct()];
        NodeId[] ids = [.. Enumerable.Range(0, Members).Select(_ => HashFamilies.FoldedId(random)).Distinct()];
        var pairs = ids.Zip(endpoints).ToList();
        AssertDistinct("contacts", pairs.Select(pair => new Contact(pair.First, pair.Second)));
        AssertDistinct("keys of requests", pairs.Select(pair => new RequestKey(new MessageId(pair.First), pair.Second)));
        AssertDistinct("ranges of a table", ids.Select(id => new BucketRange(id, NodeId.BitLength)));
        AssertDistinct("distances", ids.Select(id => ids[0].DistanceTo(id)));
        AssertDistinct("ranges of addresses", endpoints.Select(endpoint => AddressRange.Of(endpoint, 128)));
        AssertDistinct("networks beside a number", endpoints.Select(endpoint => (1, new SourceNetwork(endpoint.AddressHigh, 0))));
    }

    [Fact]
    public void Values_of_every_family_have_different_codes()
    {
        // xxHash, by which HashCode takes bytes in, lets the second of these differences cancel the first for half of all seeds.
        const uint Prime1 = 2_654_435_761;
        const uint Prime2 = 2_246_822_519;
        const uint Rotated = 1 << 12;
        var back = unchecked(Rotated * Prime1 * Inverse(Prime2));
        Assert.Equal(1u, unchecked(Prime2 * Inverse(Prime2)));
        foreach (var second in new[] { back, unchecked(0 - back) })
        {
            AssertDistinct("xxHash", Enumerable.Range(0, 4_096).Select(i =>
            {
                var words = new uint[8 * 12];
                for (var pair = 0; pair < 12; pair++)
                {
                    words[8 * pair] = (i >> pair & 1) != 0 ? 1u << 31 : 0;
                    words[(8 * pair) + 4] = (i >> pair & 1) != 0 ? second : 0;
                }

                return DhtValue.FromBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes<uint>(words).ToArray());
            }));
        }

        AssertDistinct("numbers", Enumerable.Range(0, Members).Select(i => DhtValue.FromInteger(((long)i << 32) | (uint)i)));
        AssertDistinct("lengths", Enumerable.Range(0, 8_000).Select(i => DhtValue.FromBytes(new byte[i])));
        AssertDistinct("last bytes", Enumerable.Range(0, 256).Select(i => DhtValue.FromBytes([1, 2, (byte)i])));
    }

    private static uint Inverse(uint odd)
    {
        var inverse = odd;
        for (var i = 0; i < 5; i++)
        {
            inverse = unchecked(inverse * (2 - (odd * inverse)));
        }

        return inverse;
    }

    private static void AssertDistinct<T>(string family, IEnumerable<T> members)
        where T : notnull
    {
        var codes = members.Select(member => member.GetHashCode()).ToList();
        Assert.True(codes.Distinct().Count() > codes.Count * (LeastDistinct / (double)Members), $"{family}: {codes.Distinct().Count()} codes of {codes.Count}");
    }

    private static void AssertSpread<T>(IEnumerable<KeyValuePair<string, T[]>> families)
        where T : notnull => Assert.All(families, family =>
    {
        Assert.True(family.Value.Length > LeastDistinct, $"{family.Key} has {family.Value.Length} members.");
        HashSpread.AssertRandom(family.Key, [.. family.Value.Select(member => member.GetHashCode())], BitCounts);
    });
}

/// <summary>Whether codes are spread as random ones would be.</summary>
internal static class HashSpread
{
    /// <summary>Nearly all codes differ, and any low or high bits of them choose buckets as chance would.</summary>
    public static void AssertRandom(string family, int[] codes, IEnumerable<int> bitCounts)
    {
        var distinct = codes.Distinct().Count();
        Assert.True(distinct > codes.Length * 0.99, $"{family}: {distinct} codes of {codes.Length}");
        foreach (var bits in bitCounts)
        {
            AssertEven($"{family}, low {bits} bits", codes.Select(code => code & ((1 << bits) - 1)), codes.Length, 1 << bits);
            AssertEven($"{family}, high {bits} bits", codes.Select(code => (int)((uint)code >> (32 - bits))), codes.Length, 1 << bits);
        }
    }

    // Eight standard deviations of what random codes fill and of the mean load, and some more where there are few.
    private static void AssertEven(string what, IEnumerable<int> buckets, int codes, int count)
    {
        var loads = buckets.CountBy(bucket => bucket).Select(bucket => bucket.Value).ToList();
        var mean = codes / (double)count;
        var empty = Math.Exp(-mean);
        var expected = count * (1 - empty);
        var deviation = Math.Sqrt(count * empty * Math.Max(0, 1 - (empty * (1 + mean))));
        Assert.True(loads.Count >= expected - (8 * deviation) - 4, $"{what}: {loads.Count} buckets, {expected:0} expected");
        Assert.True(loads.Max() <= mean + (8 * Math.Sqrt(mean)) + 15, $"{what}: {loads.Max()} in one bucket, {mean:0.0} in the mean");
    }
}
