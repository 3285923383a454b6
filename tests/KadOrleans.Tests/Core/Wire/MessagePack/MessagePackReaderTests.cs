namespace KadOrleans.Tests.Core;

public sealed class MessagePackReaderTests
{
    [Fact]
    public void A_value_is_read_at_any_width()
    {
        Same(DhtValue.FromInteger(5), "cc05 cd0005 ce00000005 cf0000000000000005 d005 d10005 d200000005 d30000000000000005");
        Same(DhtValue.FromInteger(-1), "d0ff d1ffff d2ffffffff d3ffffffffffffffff");
        Same(DhtValue.FromInteger(-128), "d080");
        Same(DhtValue.FromInteger(long.MinValue), "d38000000000000000");
        Same(DhtValue.FromInteger(ulong.MaxValue), "cfffffffffffffffff");
        Same(DhtValue.FromFloat(1.5), "ca3fc00000 cb3ff8000000000000");
        Same(DhtValue.FromFloat(double.NegativeInfinity), "caff800000");
        Same(DhtValue.FromFloat(double.NaN), "ca7fc00001 cbfff8000000000000");
        Same(DhtValue.FromString("a"), "a161 d90161 da000161 db0000000161");
        Same(DhtValue.FromBytes([0x61]), "c40161 c5000161 c60000000161");

        static void Same(DhtValue value, string encodings) =>
            Assert.All(encodings.Split(' '), hex => Assert.Equal(value, Read(hex)));
    }

    [Fact]
    public void An_object_of_another_type_is_read_past_exactly() => Assert.All(
        [
            "d405aa", "d505aabb", "d605aabbccdd", "d7050011223344556677", "d80500112233445566778899aabbccddeeff", "c70105aa",
            "c8000105aa", "c90000000105aa", "92c0c2", "dc0002c0c2", "dd00000002c0c2", "81c0c2", "de0001c0c2", "df00000001c0c2",
        ],
        hex =>
        {
            var reader = new MessagePackReader(Convert.FromHexString(hex + "c3"));
            Assert.True(reader.TryReadObject(depth: 0, out var encoded));
            Assert.Equal(hex, Convert.ToHexStringLower(encoded));
            Assert.True(reader.TryRead(out var next));
            Assert.True(next.IsTrue);
            Assert.Equal(default, Read(hex));
        });

    [Theory]
    [InlineData("reserved", "c1 92c0c1")]
    [InlineData("no UTF-8", "a1ff a2c080 a3eda080 a4f4908080")]
    [InlineData("truncated", " a261 cd00 cb00000000000000 d4 d405 c7ff05 c6ffffffff00 dbffffffff00 c9ffffffff0500")]
    [InlineData("too many items", "91 92c0 81c0 dc0003c0c0 ddffffffff00 dfffffffff00 df80000001c0c0")]
    public void A_bad_object_is_refused(string why, string objects) => Assert.All(
        objects.Split(' '), hex => Assert.False(new MessagePackReader(Convert.FromHexString(hex)).TrySkip(depth: 0), why));

    private static DhtValue Read(string hex)
    {
        var reader = new MessagePackReader(Convert.FromHexString(hex));
        Assert.True(reader.TryRead(out var token));
        return token.ToValue();
    }
}
