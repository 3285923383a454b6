namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A campaign's judge, with histories that went well and ill.</summary>
public sealed class WriteHistoryTests
{
    private const int Key = 7;

    [Theory]
    [InlineData(3, "Kept")]
    [InlineData(4, "Kept")]
    [InlineData(2, "Undone")]
    [InlineData(1, "Undone")]
    [InlineData(null, "Lost")]
    public void The_last_acknowledged_version_or_a_later_one_must_be_there(int? found, string verdict)
    {
        // 1 and 3 are acknowledged; 2 and 4 were given up.
        var history = Sent(4);
        history.Acknowledge(1, TimeSpan.Zero);
        history.Acknowledge(3, TimeSpan.Zero);

        Assert.Equal(verdict, Judge(history, found is { } version ? KeyVersion.ToValue(Key, version) : default).ToString());
    }

    [Fact]
    public void An_acknowledgement_that_comes_late_makes_no_version_newer()
    {
        var history = Sent(2);
        history.Acknowledge(2, TimeSpan.FromSeconds(1));
        history.Acknowledge(1, TimeSpan.FromSeconds(9));

        Assert.Equal((2, 2, 1), (history.LastAcknowledged, history.Acknowledged, history.Late));
        Assert.Equal(Verdict.Undone, Judge(history, KeyVersion.ToValue(Key, 1)));
        Assert.Contains("version 1 (sent to edge 1 at 0.000 s, acknowledged at 9.000 s)", history.Describe(1), StringComparison.Ordinal);
    }

    [Fact]
    public void What_nobody_stored_is_no_version()
    {
        var history = Sent(1);
        history.Acknowledge(1, TimeSpan.Zero);

        Assert.Equal(Verdict.Undone, Judge(history, DhtValue.FromString("8:1")));
        Assert.Equal(Verdict.Undone, Judge(history, DhtValue.FromInteger(1)));
    }

    [Fact]
    public void A_key_without_an_acknowledgement_may_be_empty() => Assert.Equal(Verdict.Kept, Judge(Sent(1), default));

    private static WriteHistory Sent(int versions)
    {
        var history = new WriteHistory(Key);
        for (var i = 0; i < versions; i++)
        {
            history.Send(edge: 0, TimeSpan.Zero);
        }

        return history;
    }

    private static Verdict Judge(WriteHistory history, DhtValue value) =>
        WriteHistory.Judge(KeyVersion.Read(Key, value), value.Kind == DhtValueKind.None, history.LastAcknowledged);
}
