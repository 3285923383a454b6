using System.Numerics;

namespace KadOrleans.Tests.Core;

public class NodeIdTests
{
    [Fact]
    public void Keys_hash_as_the_network_s_nodes_hash_them()
    {
        var digests = VectorFile.Read<KeyDigest>("key-digests.json");
        Assert.Contains(digests, digest => digest.Type == "str");
        Assert.Contains(digests, digest => digest.Type == "bytes");
        Assert.All(digests, digest => Assert.Equal(digest.Sha1, Hash(digest).ToString()));

        static NodeId Hash(KeyDigest digest) => digest.Type == "str"
            ? NodeId.FromKey(digest.Input)
            : NodeId.FromKey(Convert.FromHexString(digest.Input));
    }

    [Fact]
    public void Order_and_equality_are_those_of_the_number() => Randomized.ForSeeds(500, random =>
    {
        var (left, right) = RelatedPair(random);
        Assert.Equal(Math.Sign(Number(left).CompareTo(Number(right))), Math.Sign(left.CompareTo(right)));
        Assert.Equal(Number(left) < Number(right), left < right);
        Assert.Equal(Number(left) <= Number(right), left <= right);
        Assert.Equal(Number(left) > Number(right), left > right);
        Assert.Equal(Number(left) >= Number(right), left >= right);
        Assert.Equal(Number(left) == Number(right), left == right);
        Assert.Equal(Number(left) != Number(right), left != right);
        Assert.Equal(left, new NodeId(left.ToByteArray()));
        Assert.Equal(left.GetHashCode(), new NodeId(left.ToByteArray()).GetHashCode());
    });

    [Fact]
    public void Distance_is_the_xor_of_the_numbers() => Randomized.ForSeeds(500, random =>
    {
        var (left, right) = RelatedPair(random);
        var third = NodeId.Random(random);
        var expected = Number(left) ^ Number(right);
        Assert.Equal(expected, Number(left.DistanceTo(right)));
        Assert.Equal(left.DistanceTo(right), right.DistanceTo(left));
        Assert.Equal(Distance.Zero, left.DistanceTo(left));
        Assert.Equal(160 - (int)expected.GetBitLength(), left.CommonPrefixLength(right));
        Assert.Equal((double)expected / Math.Pow(2, 160), left.DistanceTo(right).ToFraction(), 1e-15);

        var other = Number(left) ^ Number(third);
        Assert.Equal(expected < other, left.DistanceTo(right) < left.DistanceTo(third));
        Assert.Equal(expected >= other, left.DistanceTo(right) >= left.DistanceTo(third));
        Assert.Equal(Math.Sign(expected.CompareTo(other)), left.DistanceTo(right).CompareTo(left.DistanceTo(third)));
    });

    [Fact]
    public void Bits_and_prefixes_are_those_of_the_number() => Randomized.ForSeeds(100, random =>
    {
        var id = NodeId.Random(random);
        for (var i = 0; i < NodeId.BitLength; i++)
        {
            var bit = BigInteger.One << (159 - i);
            Assert.Equal((Number(id) & bit) != 0, id.GetBit(i));
            Assert.Equal(Number(id) | bit, Number(id.WithBit(i, true)));
            Assert.Equal((Number(id) | bit) - bit, Number(id.WithBit(i, false)));
            Assert.Equal((Number(id) >> (160 - i)) << (160 - i), Number(id.Prefix(i)));
            Assert.True(id.RandomWithPrefix(i, random).CommonPrefixLength(id) >= i);
        }

        Assert.Equal(id, id.Prefix(160));
        Assert.Equal(id, id.RandomWithPrefix(160, random));
    });

    [Fact]
    public void Text_is_40_hexadecimal_digits() => Randomized.ForSeeds(100, random =>
    {
        var id = NodeId.Random(random);
        Assert.Equal(Convert.ToHexStringLower(id.ToByteArray()), id.ToString());
        Assert.Equal(id, NodeId.Parse(id.ToString()));
        Assert.Equal(id, NodeId.Parse(id.ToString().ToUpperInvariant()));
    });

    [Fact]
    public void Other_text_is_no_id() => Assert.All(
        [
            null, "", "0123456789abcdef0123456789abcdef0123456", "0123456789abcdef0123456789abcdef012345678",
            "0x23456789abcdef0123456789abcdef01234567", " 123456789abcdef0123456789abcdef01234567",
        ],
        text =>
        {
            Assert.False(NodeId.TryParse(text, out _));
            Assert.Throws(text is null ? typeof(ArgumentNullException) : typeof(FormatException), () => NodeId.Parse(text!));
        });

    [Fact]
    public void Bounds_are_kept()
    {
        Assert.All([19, 21], length => Assert.Throws<ArgumentException>(() => new NodeId(new byte[length])));
        Assert.All([-1, 161], bits => Assert.Throws<ArgumentOutOfRangeException>(() => NodeId.MaxValue.Prefix(bits)));
        Assert.Throws<ArgumentOutOfRangeException>(() => NodeId.MaxValue.CopyTo(new byte[19]));
        Assert.Equal((BigInteger.One << 160) - 1, Number(NodeId.MaxValue));
        Assert.Equal(1.0, NodeId.MinValue.DistanceTo(NodeId.MaxValue).ToFraction());
    }

    private static BigInteger Number(NodeId id) => new(id.ToByteArray(), isUnsigned: true, isBigEndian: true);

    private static BigInteger Number(Distance distance) =>
        new(Convert.FromHexString(distance.ToString()), isUnsigned: true, isBigEndian: true);

    /// <summary>Two ids that often differ only far behind, where the parts of the number meet.</summary>
    private static (NodeId Left, NodeId Right) RelatedPair(SeededRandomSource random)
    {
        var left = NodeId.Random(random);
        return (left, left.RandomWithPrefix(random.Next(161), random));
    }
}
