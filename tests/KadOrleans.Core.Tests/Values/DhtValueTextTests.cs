using KadOrleans.Core.Values;

namespace KadOrleans.Core.Tests.Values;

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
}
