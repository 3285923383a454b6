namespace KadOrleans.Tests.Node;

/// <summary>What can be drawn onto an endpoint that has proved its address.</summary>
public sealed class ByteBudgetTests
{
    private static readonly NodeId Key = NodeId.FromKey("large");
    private static readonly UdpEndpoint Peer = UdpEndpoint.Parse("192.0.2.7:8468");

    [Fact]
    public async Task Requests_forged_under_a_peers_address_and_other_ports_of_its_host_leave_its_own_pings_and_stores_answered()
    {
        await using var ledger = await StartAsync();
        for (var i = 0; i < 100_000; i++)
        {
            ledger.Receive(ledger.Ping(), Peer.WithPort((ushort)(10_000 + (i % 50_000))));
        }

        Assert.NotEqual(0, ledger.Node.Counts["refused.SourceLimit"]);
        Flood(ledger, Peer, seconds: 2, perSecond: 4_000);
        var before = ledger.Answers(Peer).Count();
        ledger.Receive(ledger.Ping(), Peer);
        ledger.Receive(ledger.Put(Key, DhtValue.FromBoolean(true)), Peer);
        Assert.Equal(before + 2, ledger.Answers(Peer).Count());
    }

    [Fact]
    public async Task All_endpoints_together_have_a_budget_too()
    {
        await using var ledger = await StartAsync(o => o.Upload = new UploadLimits { PerEndpoint = 0, Total = 100_000 });
        var other = UdpEndpoint.Parse("198.51.100.7:8468");
        Prove(ledger, other);

        Flood(ledger, Peer, seconds: 5, perSecond: 100);
        Flood(ledger, other, seconds: 5, perSecond: 100);

        Assert.InRange(Bytes(ledger, Peer) + Bytes(ledger, other), 900_000, 1_100_000);
    }

    [Fact]
    public async Task Forged_strangers_leave_most_of_the_common_budget_to_peers()
    {
        await using var ledger = await StartAsync(o => o.Upload = new UploadLimits { Total = 1_000_000 });
        const int Asked = 30;
        var before = ledger.Answers(Peer).Count();

        for (var i = 0; i < Asked; i++)
        {
            FloodForged(ledger, () => ledger.Ping(), 2_000, TimeSpan.FromMilliseconds(100));
            ledger.Receive(ledger.FindValue(Key), Peer);
        }

        Assert.Equal(before + Asked, ledger.Answers(Peer).Count());
        Assert.NotEqual(0, ledger.Node.Counts["refused.ByteBudget"]);
    }

    /// <summary>A publisher for which there is no place in the table stays a stranger, and shows a token.</summary>
    [Fact]
    public async Task Forged_strangers_use_up_no_acknowledgement_of_one_that_shows_a_token()
    {
        await using var ledger = await StartAsync(o => o.Upload = new UploadLimits { Total = 1_000_000 });
        var publisher = UdpEndpoint.Parse("203.0.113.9:8468");
        var token = ledger.AskForToken(publisher);
        const int Stores = 30;
        var before = ledger.Answers(publisher).Count();

        for (var i = 0; i < Stores; i++)
        {
            FloodForged(ledger, () => ledger.Ping(), 2_000, TimeSpan.FromMilliseconds(100));
            ledger.Receive(ledger.Put(Key, DhtValue.FromInteger(i), token), publisher);
        }

        Assert.Equal(before + Stores, ledger.Answers(publisher).Count());
    }

    [Fact]
    public async Task Pings_and_short_answers_to_forged_strangers_keep_to_a_quarter_of_the_common_budget()
    {
        await using var ledger = await StartAsync(o => o.Upload = new UploadLimits { Total = 1_000_000 });
        const int Seconds = 4;

        FloodForged(ledger, () => ledger.FindNode(), Seconds * 20_000, TimeSpan.FromSeconds(Seconds));
        ledger.Clock.Advance(TimeSpan.FromSeconds(1));

        // A second's worth was there before.
        Assert.InRange(ledger.SentBytes, 500_000, 250_000 * (Seconds + 2));
    }

    [Fact]
    public async Task Without_bounds_and_for_the_trusted_everything_is_answered()
    {
        await using var ledger = await StartAsync(o =>
        {
            o.Upload = new UploadLimits { PerEndpoint = 0 };
            o.Trust.Add("198.51.100.0/24");
        });
        var friend = UdpEndpoint.Parse("198.51.100.7:8468");

        Flood(ledger, Peer, seconds: 1, perSecond: 1_000);
        Flood(ledger, friend, seconds: 1, perSecond: 1_000);

        Assert.Equal(0, ledger.Node.Counts["refused.ByteBudget"]);
        Assert.Equal(1_000, ledger.Answers(friend).Count());
    }

    private static async Task<Ledger> StartAsync(Action<KadNodeOptions>? configure = null)
    {
        var ledger = new Ledger([], configure);
        var now = ledger.Clock.GetUtcNow();
        await ledger.Store.PutAsync(Key, new StoredValue(DhtValue.FromBytes(new byte[8_000]), now, now.AddDays(1), default));
        Prove(ledger, Peer);
        return ledger;
    }

    private static void Prove(Ledger ledger, UdpEndpoint endpoint)
    {
        ledger.Receive(ledger.Ping(), endpoint);
        ledger.AnswerPing(endpoint, null);
    }

    private static void Flood(Ledger ledger, UdpEndpoint source, int seconds, int perSecond)
    {
        for (var i = 0; i < seconds * perSecond; i++)
        {
            ledger.Receive(ledger.FindValue(Key), source);
            ledger.Clock.Advance(TimeSpan.FromSeconds(1) / perSecond);
        }
    }

    // Each datagram from an address of its own.
    private static void FloodForged(Ledger ledger, Func<Func<byte[], int>> request, int count, TimeSpan time)
    {
        for (var i = 0; i < count; i++)
        {
            ledger.Receive(request(), UdpEndpoint.FromIPv4(0x8000_0000 + (uint)ledger.Random.Next(0x2900_0000), 8468));
            ledger.Clock.Advance(time / count);
        }
    }

    private static long Bytes(Ledger ledger, UdpEndpoint endpoint) => ledger.SentTo(endpoint).Sum(datagram => (long)datagram.Length);
}
