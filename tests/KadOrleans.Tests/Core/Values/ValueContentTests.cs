namespace KadOrleans.Tests.Core;

public sealed class ValueContentTests
{
    public static TheoryData<string, string> Contents => new()
    {
        { "text", "01746578740a" },
        { "", "01" },
        { "0", "020000000000000000" },
        { "18446744073709551615", "02ffffffffffffffff" },
        { "-1", "03ffffffffffffffff" },
        { "-9223372036854775808", "038000000000000000" },
        { "1.5", "043ff8000000000000" },
        { "False", "0500" },
        { "True", "0501" },
        { "bytes", "06ff00" },
    };

    [Theory]
    [MemberData(nameof(Contents))]
    public void Storage_has_these_bytes_of_a_value(string name, string stored)
    {
        var value = ValueOf(name, stored);
        var bytes = new byte[value.ContentLength];
        var type = ValueContent.Write(value, bytes);

        Assert.Equal(stored, Convert.ToHexStringLower([(byte)type, .. bytes]));
        Assert.True(ValueContent.TryRead(type, bytes, out var read));
        Assert.Equal(value, read);
    }

    [Theory]
    [InlineData("00")]
    [InlineData("0700")]
    [InlineData("01ff")]
    [InlineData("0200000000000000")]
    [InlineData("02000000000000000000")]
    [InlineData("0400000000000000")]
    [InlineData("04000000000000000000")]
    [InlineData("037fffffffffffffff")]
    [InlineData("03ffffffffffffff")]
    [InlineData("03ffffffffffffffffff")]
    [InlineData("05")]
    [InlineData("050000")]
    public void What_no_value_has_is_refused(string stored)
    {
        var bytes = Convert.FromHexString(stored);
        Assert.False(ValueContent.TryRead((ContentType)bytes[0], bytes.AsSpan(1), out _));
    }

    [Fact]
    public void Content_is_as_long_as_a_value_may_be()
    {
        Assert.True(ValueContent.IsValid(ContentType.Bytes, new byte[StoreRules.MaxContentLength]));
        Assert.False(ValueContent.IsValid(ContentType.Bytes, new byte[StoreRules.MaxContentLength + 1]));
    }

    private static DhtValue ValueOf(string name, string stored) => stored[..2] switch
    {
        "01" => DhtValue.FromString(name.Length == 0 ? "" : "text\n"),
        "02" or "03" => DhtValueText.TryParseInteger(name, out var integer) ? integer : throw new FormatException(name),
        "04" => DhtValue.FromFloat(double.Parse(name, System.Globalization.CultureInfo.InvariantCulture)),
        "05" => DhtValue.FromBoolean(bool.Parse(name)),
        _ => DhtValue.FromBytes(new byte[] { 0xff, 0 }),
    };
}
