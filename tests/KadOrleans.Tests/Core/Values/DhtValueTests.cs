namespace KadOrleans.Tests.Core;

public class DhtValueTests
{
    private static readonly DhtValue[] Distinct =
    [
        default,
        DhtValue.FromString(string.Empty),
        DhtValue.FromString("1"),
        DhtValue.FromBytes([]),
        DhtValue.FromBytes("1"u8.ToArray()),
        DhtValue.FromInteger(0),
        DhtValue.FromInteger(1),
        DhtValue.FromInteger(-1),
        DhtValue.FromInteger(ulong.MaxValue),
        DhtValue.FromInteger(long.MinValue),
        DhtValue.FromInteger((Int128)long.MaxValue + 1),
        DhtValue.FromFloat(0.0),
        DhtValue.FromFloat(-0.0),
        DhtValue.FromFloat(1.0),
        DhtValue.FromFloat(double.NaN),
        DhtValue.FromFloat(double.PositiveInfinity),
        DhtValue.FromBoolean(false),
        DhtValue.FromBoolean(true),
    ];

    [Fact]
    public void Values_of_other_type_or_content_differ()
    {
        for (var i = 0; i < Distinct.Length; i++)
        {
            for (var j = 0; j < Distinct.Length; j++)
            {
                Assert.Equal(i == j, Distinct[i] == Distinct[j]);
                Assert.Equal(i != j, Distinct[i] != Distinct[j]);
                Assert.Equal(i == j, Distinct[i].Equals((object)Distinct[j]));
            }
        }
    }

    [Fact]
    public void Equal_content_is_an_equal_value_with_an_equal_hash_and_comes_out() => Randomized.ForSeeds(300, random =>
    {
        var bytes = random.NextBytes(random.Next(40));
        var number = (Int128)BitConverter.ToInt64(random.NextBytes(8));
        Same(DhtValue.FromBytes(bytes), DhtValue.FromBytes([.. bytes]));
        Same(DhtValue.FromInteger(number), DhtValue.FromInteger(number));
        var text = Convert.ToBase64String(bytes);
        Same(DhtValue.FromString(text), DhtValue.FromUtf8(System.Text.Encoding.UTF8.GetBytes(text)));
        Assert.Equal((number, text), (DhtValue.FromInteger(number).AsInteger(), DhtValue.FromString(text).AsString()));
        Assert.Equal(bytes, DhtValue.FromBytes(bytes).AsBytes().ToArray());
        var real = BitConverter.Int64BitsToDouble((long)number);
        Assert.Equal(real, DhtValue.FromFloat(real).AsFloat());

        static void Same(DhtValue left, DhtValue right)
        {
            Assert.Equal(left, right);
            Assert.Equal(left.GetHashCode(), right.GetHashCode());
        }
    });

    [Fact]
    public void All_nans_are_one_value()
    {
        var other = BitConverter.UInt64BitsToDouble(0xFFF8_0000_0000_0001);
        Assert.Equal(DhtValue.FromFloat(double.NaN), DhtValue.FromFloat(other));
        Assert.Equal(0x7FF8_0000_0000_0000UL, BitConverter.DoubleToUInt64Bits(DhtValue.FromFloat(other).AsFloat()));
    }

    [Fact]
    public void Whole_numbers_end_at_64_bits()
    {
        Assert.Equal(DhtValue.MinInteger, DhtValue.FromInteger(DhtValue.MinInteger).AsInteger());
        Assert.Equal(DhtValue.MaxInteger, DhtValue.FromInteger(DhtValue.MaxInteger).AsInteger());
        Assert.Throws<ArgumentOutOfRangeException>(() => DhtValue.FromInteger(DhtValue.MinInteger - 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => DhtValue.FromInteger(DhtValue.MaxInteger + 1));
    }

    [Fact]
    public void Reading_as_another_type_throws() => Assert.All(Distinct, value =>
    {
        AssertReads(value, DhtValueKind.String, () => value.AsString());
        AssertReads(value, DhtValueKind.String, () => value.AsUtf8());
        AssertReads(value, DhtValueKind.Bytes, () => value.AsBytes());
        AssertReads(value, DhtValueKind.Integer, () => value.AsInteger());
        AssertReads(value, DhtValueKind.Float, () => value.AsFloat());
        AssertReads(value, DhtValueKind.Boolean, () => value.AsBoolean());
    });

    [Fact]
    public void Length_is_that_of_the_content_in_bytes_and_text_for_a_person_shows_it()
    {
        DhtValue[] values = ["h\u00e9llo", -5L, 0.1, true, new byte[] { 0, 255 }, default];

        Assert.Equal([6, 8, 8, 1, 2, 0], values.Select(value => value.ContentLength));
        Assert.Equal(["h\u00e9llo", "-5", "0.1", "true", "00ff", ""], values.Select(value => value.ToString()));
    }

    private static void AssertReads(DhtValue value, DhtValueKind kind, Action read) =>
        Assert.Equal(value.Kind == kind ? null : typeof(InvalidOperationException), Record.Exception(read)?.GetType());
}

public class DhtValueTextTests
{
    [Theory]
    [InlineData("-9223372036854775808", true)]
    [InlineData("-9223372036854775809", false)]
    [InlineData("18446744073709551615", true)]
    [InlineData("18446744073709551616", false)]
    [InlineData("", false)]
    [InlineData("1.0", false)]
    [InlineData(null, false)]
    public void Whole_numbers_are_read_within_their_bounds_and_written_as_they_were(string? text, bool isOne)
    {
        Assert.Equal(isOne, DhtValueText.TryParseInteger(text, out var value));
        Assert.Equal(isOne ? (DhtValueKind.Integer, text) : (DhtValueKind.None, value.ToString()), (value.Kind, value.ToString()));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("00ff", true)]
    [InlineData("0", false)]
    [InlineData("0g", false)]
    public void Bytes_are_read_two_digits_each_and_written_as_they_were(string text, bool areBytes)
    {
        Assert.Equal(areBytes, DhtValueText.TryParseBytes(text, out var value));
        Assert.Equal(areBytes ? (DhtValueKind.Bytes, text) : (DhtValueKind.None, value.ToString()), (value.Kind, value.ToString()));
    }

    [Theory]
    [InlineData("string", "\"a\"")]
    [InlineData("string", "\"\"")]
    [InlineData("int", "-9223372036854775808")]
    [InlineData("int", "18446744073709551615")]
    [InlineData("float", "1.5")]
    [InlineData("float", "\"NaN\"")]
    [InlineData("float", "\"Infinity\"")]
    [InlineData("float", "\"-Infinity\"")]
    [InlineData("bool", "true")]
    [InlineData("bool", "false")]
    [InlineData("bytes", "\"00ff\"")]
    public void A_value_is_read_from_json_and_written_as_it_was(string type, string json)
    {
        Assert.True(DhtValueText.TryRead(type, JsonDocument.Parse(json).RootElement, out var value));
        using var written = new MemoryStream();
        using (var writer = new Utf8JsonWriter(written))
        {
            DhtValueText.Write(writer, value);
        }

        Assert.Equal((type, json), (DhtValueText.TypeName(value.Kind), System.Text.Encoding.UTF8.GetString(written.ToArray())));
    }

    [Theory]
    [InlineData("string", "1")]
    [InlineData("int", "\"a\"")]
    [InlineData("int", "1.5")]
    [InlineData("int", "true")]
    [InlineData("float", "\"a\"")]
    [InlineData("float", "1e999")]
    [InlineData("bool", "1")]
    [InlineData("bytes", "\"0\"")]
    [InlineData("bytes", "1")]
    [InlineData("text", "\"a\"")]
    [InlineData(null, "\"a\"")]
    public void Json_of_another_type_is_no_value(string? type, string json) =>
        Assert.False(DhtValueText.TryRead(type, JsonDocument.Parse(json).RootElement, out _));
}
