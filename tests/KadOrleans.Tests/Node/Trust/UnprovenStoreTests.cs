namespace KadOrleans.Tests.Node;

/// <summary>A STORE does nothing before its sender has proved its address.</summary>
public sealed class UnprovenStoreTests
{
    private const byte True = 0xC3;

    private static readonly NodeId Key = NodeId.FromKey("key");
    private static readonly UdpEndpoint Stranger = UdpEndpoint.Parse("192.0.2.7:8468");

    // A Python node answers with its id, a client with nil.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_store_is_taken_and_acknowledged_once_its_sender_answered_the_ping(bool isNode)
    {
        await using var ledger = new Ledger([]);
        ledger.Receive(ledger.Put(Key, DhtValue.FromString("value")), Stranger);
        Assert.Equal(0, (await ledger.Store.GetUsageAsync()).Keys);
        Assert.Empty(ledger.Answers(Stranger));

        var id = NodeId.FromKey("stranger");
        ledger.AnswerPing(Stranger, isNode ? id : null);

        Assert.Equal(True, Assert.Single(ledger.Answers(Stranger))[^1]);
        Assert.Equal("value", (await ledger.Store.GetAsync(Key, ledger.Clock.GetUtcNow()))?.Value.AsString());
        Assert.Equal(isNode, ledger.Node.RoutingTable.TryGet(id, out _));

        // From now on at once.
        ledger.Receive(ledger.Put(Key, DhtValue.FromString("other")), Stranger);
        Assert.Equal(2, ledger.Answers(Stranger).Count());
    }

    [Fact]
    public async Task Any_answer_to_a_request_of_ours_lets_a_store_through()
    {
        await using var ledger = new Ledger([]);
        var asking = ledger.Node.StunAsync(Stranger);
        byte[] stun = [.. ledger.SentTo(Stranger)[0]];
        ledger.Receive(ledger.Put(Key, DhtValue.FromString("value")), Stranger);

        stun[0] = 1;
        ledger.Node.Receive(stun, Stranger);

        Assert.Equal(True, Assert.Single(ledger.Answers(Stranger))[^1]);
        await asking;
    }

    [Fact]
    public async Task A_proof_that_comes_too_late_stores_nothing_and_serves_the_next_store()
    {
        await using var ledger = new Ledger([]);
        ledger.Receive(ledger.Put(Key, DhtValue.FromString("value")), Stranger);
        ledger.Clock.Advance(Strangers.StoreWait + TimeSpan.FromSeconds(1));

        ledger.AnswerPing(Stranger, null);
        Assert.Empty(ledger.Answers(Stranger));
        Assert.Single(ledger.Pings(Stranger));
        Assert.Equal(0, (await ledger.Store.GetUsageAsync()).Keys);
        Assert.Equal((1, 1), (ledger.Node.Counts["refused.Unproven"], ledger.Node.Counts["stores.unacknowledged.Refused"]));

        ledger.Receive(ledger.Put(Key, DhtValue.FromString("value")), Stranger);
        Assert.Single(ledger.Answers(Stranger));
    }

    [Fact]
    public async Task Stores_of_a_million_forged_sources_take_bounded_memory()
    {
        await using var ledger = new Ledger([]);
        var value = DhtValue.FromBytes(new byte[8_000]);
        for (var i = 0u; i < 20_000; i++)
        {
            ledger.Receive(ledger.Put(Key, value), UdpEndpoint.FromIPv4(0x1000_0001 + (i << 8), 1));
        }

        var counts = ledger.Node.Counts;
        Assert.Equal(20_000, counts["requests.pending"]);
        var held = counts["requests.pending"] - counts["refused.PendingLimit"];
        Assert.InRange(held, 3_000, Strangers.MaxStoreBytes / 8_000);
        Assert.Equal(0, (await ledger.Store.GetUsageAsync()).Keys);
    }
}
