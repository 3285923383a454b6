using FsCheck;
using FsCheck.Fluent;

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
            Assert.Equal(stored, Convert.ToHexStringLower(ValueContent.Encode(value)));
            Assert.True(ValueContent.TryDecode(Convert.FromHexString(stored), out var read));
            Assert.Equal(value, read);
        });

    [Theory]
    [InlineData("")]
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
    [InlineData("0502")]
    public void What_no_value_has_is_refused(string stored) => Assert.False(ValueContent.TryDecode(Convert.FromHexString(stored), out _));

    [Fact]
    public void Any_bytes_are_either_refused_or_the_only_form_of_a_value()
    {
        var bytes = Gen.Choose(0, 9).SelectMany(type => ArbMap.Default.GeneratorFor<byte[]>().Select(content => (byte[])[(byte)type, .. content]));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(bytes.ToArbitrary(), encoded =>
            !ValueContent.TryDecode(encoded, out var value)
            || value.Kind == DhtValueKind.Float
            || ValueContent.Encode(value).AsSpan().SequenceEqual(encoded)));
    }

    [Fact]
    public void The_default_value_has_no_bytes() => Assert.Empty(ValueContent.Encode(default));
}
