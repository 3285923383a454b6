namespace KadOrleans.Tests.Core;

public sealed class StoredValueCodecTests
{
    private const string Times = "08dc3922d65d7c50" + "08dc3ea2ff41bc50";
    private const string Publication = "08dc39ec00c73c50";

    private static readonly DateTimeOffset StoredAt = new(2024, 2, 29, 12, 34, 56, 789, TimeSpan.Zero);
    private static readonly SourceNetwork Alice = new(0, 0xFFFF_CB00_7105);
    private static readonly StoredValue Plain = new(DhtValue.FromString("v"), StoredAt, StoredAt.AddDays(7), SourceNetwork.Trusted);

    [Fact]
    public void A_value_has_these_bytes() => Assert.All(
        ((StoredValue, string)[])
        [
            (Plain, "0100" + Times + "0001" + "76"),
            (Plain with { Source = Alice }, "0101" + Times + "0001" + "0000000000000000" + "0000ffffcb007105" + "76"),
            (Plain with { Source = Alice.WithProof(true) }, "0101" + Times + "0001" + "0000000000000000" + "8000ffffcb007105" + "76"),
            (Plain with { PublishedAt = StoredAt.AddDays(1) }, "0102" + Times + "0001" + Publication + "76"),
            (Plain with { IsFar = true }, "0110" + Times + "0001" + "76"),
            (Plain with { IsAuthored = true }, "0120" + Times + "0001" + "76"),
            (Plain with { IsKept = true }, "0140" + Times + "0001" + "76"),
            (Plain with { Version = 0x0102 }, "0104" + Times + "0001" + "0000000000000102" + "76"),
            (Plain with { CallId = -2 }, "0108" + Times + "0001" + "fffffffffffffffe" + "76"),
            (
                new StoredValue(DhtValue.FromBytes([1, 2]), StoredAt, StoredAt.AddDays(7), new SourceNetwork(0x2001_0DB8_0000_0001, 0))
                {
                    PublishedAt = StoredAt.AddDays(1), IsFar = true, IsAuthored = true, IsKept = true, Version = 3, CallId = 4,
                },
                "067f" + Times + "0002" + "20010db800000001" + "0000000000000000" + Publication + "0000000000000003" + "0000000000000004" + "0102"),
        ],
        one =>
        {
            var (value, golden) = one;
            Assert.Equal(golden, Convert.ToHexStringLower(StoredValueCodec.Encode(value)));
            Assert.True(StoredValueCodec.TryRead(Convert.FromHexString(golden), out var read));
            AssertSame(value, read);
        });

    /// <summary>A mark that is not known is of another build, and a number that is none has no mark.</summary>
    [Theory]
    [InlineData("00" + "00" + Times + "0001" + "76")]
    [InlineData("07" + "00" + Times + "0001" + "76")]
    [InlineData("01" + "04" + Times + "0001" + "0000000000000000" + "76")]
    [InlineData("01" + "04" + Times + "0001" + "8000000000000000" + "76")]
    [InlineData("01" + "08" + Times + "0001" + "0000000000000000" + "76")]
    [InlineData("01" + "08" + Times + "0001" + "76")]
    [InlineData("01" + "80" + Times + "0001" + "76")]
    [InlineData("01" + "00" + Times + "0002" + "76")]
    [InlineData("01" + "00" + Times + "0000" + "76")]
    [InlineData("01" + "00" + Times + "0001" + "ff")]
    [InlineData("01" + "01" + Times + "0001" + "0000000000000000" + "0000000000000000" + "76")]
    [InlineData("01" + "01" + Times + "0001" + "0000000000000000" + "8000000000000000" + "76")]
    [InlineData("01" + "02" + Times + "0001" + "0000000000000000" + "76")]
    [InlineData("01" + "00" + "ffffffffffffffff" + "08dc3ea2ff41bc50" + "0001" + "76")]
    [InlineData("01" + "00" + "08dc3922d65d7c50" + "2bca2875f4374000" + "0001" + "76")]
    public void What_no_value_has_is_refused(string bytes) =>
        Assert.False(StoredValueCodec.TryRead(Convert.FromHexString(bytes), out _));

    [Fact]
    public void Any_value_comes_back_and_has_one_form() => Randomized.ForSeeds(500, random =>
    {
        var value = random.NextStored();
        var encoded = StoredValueCodec.Encode(value);
        Assert.Equal(StoredValueCodec.LengthOf(value), encoded.Length);
        Assert.Equal(encoded.Length, StoredValueCodec.LengthOf(value with { StoredAt = value.StoredAt.AddDays(1) }));
        Assert.True(StoredValueCodec.TryRead(encoded, out var read));
        AssertSame(value, read);

        StoredValueCodec.WriteStoredAt(encoded, StoredAt);
        Assert.True(StoredValueCodec.TryRead(encoded, out var moved));
        AssertSame(value with { StoredAt = StoredAt }, moved);

        // Whatever else is read is written again in the same bytes.
        encoded[random.Next(Math.Min(encoded.Length, 48))] ^= (byte)(1 << random.Next(8));
        if (StoredValueCodec.TryRead(encoded, out var other) && other.Value.Kind != DhtValueKind.Float)
        {
            Assert.Equal(encoded, StoredValueCodec.Encode(other));
        }
    });

    private static void AssertSame(StoredValue expected, StoredValue actual)
    {
        Assert.Equal(expected, actual);
        Assert.Equal((expected.IsFar, expected.IsKept), (actual.IsFar, actual.IsKept));
        Assert.Equal((expected.Version, expected.CallId), (actual.Version, actual.CallId));
    }
}
