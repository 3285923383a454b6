namespace KadOrleans.Tests.Lab;

public sealed class UpkeepSendsTests
{
    private static readonly NodeId Key = NodeId.FromKey("a");
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly UdpEndpoint Sender = Endpoint(1);

    [Fact]
    public void STOREs_to_nearly_all_holders_are_a_republishing_and_fewer_are_hand_offs()
    {
        var sends = Create();
        Send(sends, Sender, 17, TimeSpan.Zero);
        Assert.Equal((0, 17, 0), (sends.Republished, sends.Stores, sends.StoresOfRepublished));

        Send(sends, Sender, 20, TimeSpan.FromSeconds(10));
        Assert.Equal((1, 20, 20), (sends.Republished, sends.Stores, sends.StoresOfRepublished));
        Assert.Equal((1, TimeSpan.Zero), (sends.SentOnce, sends.SentOnceAt));
        Assert.Equal(1 / 60.0, sends.MostPerSecond);
    }

    [Fact]
    public void Lateness_is_from_the_interval_on_and_a_second_sender_counts_apart()
    {
        var sends = Create();
        Send(sends, Sender, 20, TimeSpan.FromSeconds(30));
        Send(sends, Endpoint(2), 20, TimeSpan.FromSeconds(40));
        Send(sends, Sender, 20, Hour + TimeSpan.FromSeconds(90));

        Assert.Equal((3, 1), (sends.Republished, sends.Repeated));
        Assert.Equal((40, 50), (sends.Lateness.Mean, sends.Lateness.Max));
        Assert.Equal([40, 20], sends.StoresByHour);
    }

    [Fact]
    public void The_busiest_minute_begins_at_any_time()
    {
        var (sends, other) = (Create(), NodeId.FromKey("b"));
        sends.Add(other, -Hour);
        Send(sends, Sender, 20, TimeSpan.FromSeconds(50));
        Send(sends, Sender, 20, TimeSpan.FromSeconds(100), other);
        Send(sends, Endpoint(2), 20, TimeSpan.FromSeconds(101), other);
        Send(sends, Sender, 20, TimeSpan.FromSeconds(300));

        Assert.Equal((4, 2 / 60.0), (sends.Republished, sends.MostPerSecond));
    }

    [Fact]
    public void Shares_of_the_worst_hundredth_are_the_least_that_were_seen()
    {
        var held = new HeldShares();
        Assert.Equal((1, 1, 1), (held.Mean, held.End, held.WorstPercent));

        held.Add([.. Enumerable.Repeat(1.0, 198), 0.25, 0.75]);
        Assert.Equal(0.5, held.WorstPercent);
        Assert.Equal(0.995, held.Mean, 6);
    }

    // Due at the start, as it was sent an hour before.
    private static UpkeepSends Create()
    {
        var sends = new UpkeepSends(Hour, holders: 20);
        sends.Add(Key, -Hour);
        return sends;
    }

    private static void Send(UpkeepSends sends, UdpEndpoint sender, int receivers, TimeSpan now, NodeId? key = null)
    {
        for (var i = 0; i < receivers; i++)
        {
            sends.OnStore(key ?? Key, sender, Endpoint(10 + i), now);
        }
    }

    private static UdpEndpoint Endpoint(int number) => UdpEndpoint.FromIPv4(0x0B00_0000u + (uint)number, 8468);
}
