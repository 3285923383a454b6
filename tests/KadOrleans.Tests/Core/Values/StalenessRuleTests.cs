namespace KadOrleans.Tests.Core;

public sealed class StalenessRuleTests
{
    private const long Never = long.MinValue;

    private static readonly StalenessRule Rule = new(Usual: 20, Outage: 300);

    [Theory]
    [InlineData(190, true)]
    [InlineData(181, true)]

    // The shard was silent once, and nobody has asked it since.
    [InlineData(180, false)]
    [InlineData(Never, false)]
    public void A_call_without_a_response_tells_of_an_outage_for_a_while(long unansweredAt, bool isOutage) =>
        Assert.Equal(isOutage, Rule.IsOutage(200, confirmedAt: 100, new ShardCalls(Never, unansweredAt)));

    [Theory]
    [InlineData(189, true)]
    [InlineData(190, false)]
    [InlineData(195, false)]
    public void A_later_response_ends_it(long answeredAt, bool isOutage) =>
        Assert.Equal(isOutage, Rule.IsOutage(200, confirmedAt: 100, new ShardCalls(answeredAt, UnansweredAt: 190)));

    [Theory]
    [InlineData(189, true)]
    [InlineData(190, false)]
    public void Later_news_end_it(long confirmedAt, bool isOutage) =>
        Assert.Equal(isOutage, Rule.IsOutage(200, confirmedAt, new ShardCalls(Never, UnansweredAt: 190)));

    [Fact]
    public void Without_calls_there_is_none() => Assert.False(Rule.IsOutage(200, confirmedAt: 100, ShardCalls.None));
}
