namespace KadOrleans.Tests.Core;

public sealed class MessagePackReaderTests
{
    public static TheoryData<string, string> Numbers => new()
    {
        { "cc05", "5" },
        { "cd0005", "5" },
        { "ce00000005", "5" },
        { "cf0000000000000005", "5" },
        { "d005", "5" },
        { "d10005", "5" },
        { "d200000005", "5" },
        { "d30000000000000005", "5" },
        { "d0ff", "-1" },
        { "d1ffff", "-1" },
        { "d2ffffffff", "-1" },
        { "d3ffffffffffffffff", "-1" },
        { "d080", "-128" },
        { "d38000000000000000", "-9223372036854775808" },
        { "cfffffffffffffffff", "18446744073709551615" },
    };

    [Theory]
    [MemberData(nameof(Numbers))]
    public void A_whole_number_is_read_at_any_width(string hex, string number)
    {
        Assert.Equal(DhtValue.FromInteger(Int128.Parse(number, null)), Read(hex));
    }

    [Theory]
    [InlineData("ca3fc00000", 1.5)]
    [InlineData("cb3ff8000000000000", 1.5)]
    [InlineData("caff800000", double.NegativeInfinity)]
    [InlineData("ca7fc00001", double.NaN)]
    [InlineData("cbfff8000000000000", double.NaN)]
    public void A_floating_point_number_is_read_at_either_width(string hex, double number)
    {
        Assert.Equal(DhtValue.FromFloat(number), Read(hex));
    }

    [Theory]
    [InlineData("a161")]
    [InlineData("d90161")]
    [InlineData("da000161")]
    [InlineData("db0000000161")]
    public void Text_is_read_at_any_width(string hex) => Assert.Equal(DhtValue.FromString("a"), Read(hex));

    [Theory]
    [InlineData("c40161")]
    [InlineData("c5000161")]
    [InlineData("c60000000161")]
    public void Bin_is_read_at_any_width(string hex) => Assert.Equal(DhtValue.FromBytes([0x61]), Read(hex));

    [Theory]
    [InlineData("d405aa")]
    [InlineData("d505aabb")]
    [InlineData("d605aabbccdd")]
    [InlineData("d7050011223344556677")]
    [InlineData("d80500112233445566778899aabbccddeeff")]
    [InlineData("c70105aa")]
    [InlineData("c8000105aa")]
    [InlineData("c90000000105aa")]
    [InlineData("92c0c2")]
    [InlineData("dc0002c0c2")]
    [InlineData("dd00000002c0c2")]
    [InlineData("81c0c2")]
    [InlineData("de0001c0c2")]
    [InlineData("df00000001c0c2")]
    public void An_object_of_another_type_is_read_past_exactly(string hex)
    {
        var reader = new MessagePackReader(Convert.FromHexString(hex + "c3"));
        Assert.True(reader.TryReadObject(depth: 0, out var encoded));
        Assert.Equal(hex, Convert.ToHexStringLower(encoded));
        Assert.True(reader.TryRead(out var next));
        Assert.True(next.IsTrue);
        Assert.Equal(default, Read(hex));
    }

    [Theory]
    [InlineData("c1", nameof(DecodeError.ReservedCode))]
    [InlineData("92c0c1", nameof(DecodeError.ReservedCode))]
    [InlineData("a1ff", nameof(DecodeError.InvalidUtf8))]
    [InlineData("a2c080", nameof(DecodeError.InvalidUtf8))]
    [InlineData("a3eda080", nameof(DecodeError.InvalidUtf8))]
    [InlineData("a4f4908080", nameof(DecodeError.InvalidUtf8))]
    [InlineData("", nameof(DecodeError.Truncated))]
    [InlineData("a261", nameof(DecodeError.Truncated))]
    [InlineData("cd00", nameof(DecodeError.Truncated))]
    [InlineData("cb00000000000000", nameof(DecodeError.Truncated))]
    [InlineData("d4", nameof(DecodeError.Truncated))]
    [InlineData("d405", nameof(DecodeError.Truncated))]
    [InlineData("c7ff05", nameof(DecodeError.Truncated))]
    [InlineData("c6ffffffff00", nameof(DecodeError.Truncated))]
    [InlineData("dbffffffff00", nameof(DecodeError.Truncated))]
    [InlineData("c9ffffffff0500", nameof(DecodeError.Truncated))]
    [InlineData("91", nameof(DecodeError.TooManyItems))]
    [InlineData("92c0", nameof(DecodeError.TooManyItems))]
    [InlineData("81c0", nameof(DecodeError.TooManyItems))]
    [InlineData("dc0003c0c0", nameof(DecodeError.TooManyItems))]
    [InlineData("ddffffffff00", nameof(DecodeError.TooManyItems))]
    [InlineData("dfffffffff00", nameof(DecodeError.TooManyItems))]
    [InlineData("df80000001c0c0", nameof(DecodeError.TooManyItems))]
    public void A_bad_object_is_refused_for_its_reason(string hex, string expected)
    {
        var reader = new MessagePackReader(Convert.FromHexString(hex));
        Assert.False(reader.TrySkip(depth: 0));
        Assert.Equal(expected, reader.Error.ToString());
    }

    [Theory]
    [InlineData(0x91)]
    [InlineData(0x81)]
    public void Sixteen_levels_of_nesting_are_read_and_no_more(byte container)
    {
        // A map of one pair nests through its key here; depth counts the same.
        byte[] Nest(int levels) => [
            .. Enumerable.Repeat(container, levels),
            0xC0,
            .. Enumerable.Repeat((byte)0xC0, container == 0x81 ? levels : 0),
        ];

        var accepted = new MessagePackReader(Nest(MessagePackReader.MaxDepth));
        Assert.True(accepted.TrySkip(depth: 0));

        var refused = new MessagePackReader(Nest(MessagePackReader.MaxDepth + 1));
        Assert.False(refused.TrySkip(depth: 0));
        Assert.Equal(DecodeError.TooDeep, refused.Error);
    }

    private static DhtValue Read(string hex)
    {
        var reader = new MessagePackReader(Convert.FromHexString(hex));
        Assert.True(reader.TryRead(out var token));
        return token.ToValue();
    }
}
