namespace KadOrleans.Tests.Core;

public sealed class ValueContentTests
{
    [Fact]
    public void Storage_has_these_bytes_of_a_value() => Assert.All(
        ((DhtValue, string)[])
        [
            (DhtValue.FromString("text\n"), "01746578740a"),
            (DhtValue.FromString(string.Empty), "01"),
            (DhtValue.FromInteger(0), "020000000000000000"),
            (DhtValue.FromInteger(ulong.MaxValue), "02ffffffffffffffff"),
            (DhtValue.FromInteger(-1), "03ffffffffffffffff"),
            (DhtValue.FromInteger(long.MinValue), "038000000000000000"),
            (DhtValue.FromFloat(1.5), "043ff8000000000000"),
            (DhtValue.FromBoolean(false), "0500"),
            (DhtValue.FromBoolean(true), "0501"),
            (DhtValue.FromBytes(new byte[] { 0xff, 0 }), "06ff00"),
        ],
        one =>
        {
            var (value, stored) = one;
            var bytes = new byte[value.ContentLength];
            var type = ValueContent.Write(value, bytes);

            Assert.Equal(stored, Convert.ToHexStringLower([(byte)type, .. bytes]));
            Assert.True(ValueContent.TryRead(type, bytes, out var read));
            Assert.Equal(value, read);
        });

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
}
