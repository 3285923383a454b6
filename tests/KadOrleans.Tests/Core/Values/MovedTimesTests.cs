namespace KadOrleans.Tests.Core;

public sealed class MovedTimesTests
{
    private const long Now = 1_000_000_000;

    [Fact]
    public void A_record_has_what_was_encoded_and_at_most_45_days_back()
    {
        var encoded = MovedTimes.Encode([(new ValueName(1), Now - 3), (new ValueName(2), Now + 1), (new ValueName(3), Now - 70_000)], Now);
        var times = new Dictionary<ValueName, DateTimeOffset> { [new ValueName(1)] = TimeOf(Now - 4) };

        Assert.True(MovedTimes.TryDecode(encoded, Now, times));
        Assert.Equal(
            [(1UL, TimeOf(Now - 3)), (2UL, TimeOf(Now)), (3UL, TimeOf(Now - ushort.MaxValue))],
            times.Select(pair => (pair.Key.Bits, pair.Value)).Order());
    }

    [Fact]
    public void Of_one_name_the_later_time_counts()
    {
        var times = new Dictionary<ValueName, DateTimeOffset> { [new ValueName(1)] = TimeOf(Now) };

        Assert.True(MovedTimes.TryDecode(MovedTimes.Encode([(new ValueName(1), Now - 1)], Now), Now, times));
        Assert.Equal(TimeOf(Now), times[new ValueName(1)]);
    }

    [Theory]
    [InlineData(10, Now, true)]
    [InlineData(9, Now, false)]
    [InlineData(11, Now, false)]
    [InlineData(20, Now, true)]
    [InlineData(10, ushort.MaxValue, true)]
    [InlineData(10, ushort.MaxValue - 1, false)]
    [InlineData(10, 5_258_964_959, true)]
    [InlineData(10, 5_258_964_960, false)]
    public void A_record_of_another_length_or_of_no_time_is_damaged(int length, long minutes, bool isRecord) =>
        Assert.Equal(isRecord, MovedTimes.TryDecode(new byte[length], minutes, []));

    private static DateTimeOffset TimeOf(long minutes) => new(minutes * TimeSpan.TicksPerMinute, TimeSpan.Zero);
}
