namespace KadOrleans.Cluster.Tests.Edges;

/// <summary>When a shard counts as silent, of whose keys an edge then answers remote nodes by older news.</summary>
public sealed class ShardViewTests
{
    private const long Never = long.MinValue;

    [Theory]
    [InlineData(190, true)]
    [InlineData(181, true)]

    // The shard was silent once, and nobody has asked it since.
    [InlineData(180, false)]
    [InlineData(Never, false)]
    public void A_call_without_a_response_tells_of_an_outage_for_a_while(long unansweredAt, bool isSilent) =>
        Assert.Equal(isSilent, IsSilent(100, Never, unansweredAt));

    [Theory]
    [InlineData(189, true)]
    [InlineData(190, false)]
    [InlineData(195, false)]
    public void A_later_response_ends_it(long answeredAt, bool isSilent) => Assert.Equal(isSilent, IsSilent(100, answeredAt, 190));

    [Theory]
    [InlineData(189, true)]
    [InlineData(190, false)]
    public void Later_news_end_it(long confirmedAt, bool isSilent) => Assert.Equal(isSilent, IsSilent(confirmedAt, Never, 190));

    private static bool IsSilent(long confirmedAt, long answeredAt, long unansweredAt)
    {
        var view = new ShardView(0);
        view.RecordAnswered(answeredAt);
        view.RecordUnanswered(unansweredAt);
        return view.IsSilent(200, confirmedAt, usual: 20);
    }
}
