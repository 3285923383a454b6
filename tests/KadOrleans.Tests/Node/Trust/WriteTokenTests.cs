namespace KadOrleans.Tests.Node;

/// <summary>What a node does with a STORE that shows a write token, with one that shows none, and with tokens of others.</summary>
public sealed class WriteTokenTests
{
    private const byte True = 0xC3;
    private const byte False = 0xC2;

    private static readonly NodeId Key = NodeId.FromKey("key");
    private static readonly UdpEndpoint Stranger = UdpEndpoint.Parse("192.0.2.7:8468");
    private static readonly UdpEndpoint Python = UdpEndpoint.Parse("198.51.100.9:8468");

    [Fact]
    public async Task Whoever_asks_gets_a_token_and_nobody_else_does()
    {
        await using var ledger = new Ledger([]);
        ledger.Receive(ledger.Ping(), Stranger);
        Assert.Equal((43, 50), (ledger.Answers(Stranger).Last().Length, ledger.Pings(Stranger).Last().Length));
        Assert.True(ledger.TokenOf(Stranger).IsNone);
        ledger.AnswerPing(Stranger, null);

        ledger.Receive(ledger.FindNode(), Stranger);
        ledger.Receive(ledger.FindValue(Key), Stranger);
        Assert.All(ledger.Answers(Stranger).Skip(1), answer => Assert.Equal(0x90, answer[^1]));

        ledger.Receive(ledger.FindNode(asks: true), Stranger);
        var token = ledger.TokenOf(Stranger);
        ledger.Receive(ledger.FindValue(Key, asks: true), Stranger);
        Assert.Equal(token, ledger.TokenOf(Stranger));
        ledger.Receive(ledger.Ping(asks: true), Stranger);
        Assert.Equal(token, ledger.TokenOf(Stranger));
        Assert.False(token.IsNone);
        Assert.Equal(53, ledger.Answers(Stranger).Last().Length);

        // A value has none, and a client gives none.
        ledger.Receive(ledger.Put(Key, true, token), Stranger);
        ledger.Receive(ledger.FindValue(Key, asks: true), Stranger);
        Assert.True(ledger.TokenOf(Stranger).IsNone);
        await using var client = new Ledger([], options => options.ClientOnly = true);
        Assert.True(client.AskForToken(Stranger).IsNone);
    }

    /// <summary>The ping that proves a stranger's address asks too, if the stranger asked: it has sent as many bytes more.</summary>
    [Fact]
    public async Task The_ping_of_a_stranger_that_asks_asks_back()
    {
        await using var ledger = new Ledger([]);
        ledger.Receive(ledger.Ping(asks: true), Stranger);
        Assert.Equal(60, Assert.Single(ledger.Pings(Stranger)).Length);
    }

    /// <summary>At once, without a ping that would have to be answered first; and the endpoint stays unproven for all else.</summary>
    [Fact]
    public async Task A_token_proves_the_address_of_a_STORE_and_its_answer_brings_the_next()
    {
        await using var ledger = new Ledger([]);
        var token = ledger.AskForToken(Stranger);
        var other = Stranger.WithPort(7);
        var pings = ledger.Pings(other).Count();

        ledger.Receive(ledger.Put(Key, true, token), other);

        var answer = Assert.Single(ledger.Answers(other));
        Assert.Equal((32, True), (answer.Length, answer[Datagram.HeaderLength]));
        Assert.Equal(token, ledger.TokenOf(other));
        Assert.Equal(0, ledger.Node.Counts["requests.pending"]);
        var held = (await HeldAsync(ledger, Key))!;
        Assert.Equal((SourceNetwork.Of(Stranger).WithProof(true), true), (held.Source, held.IsAuthored));

        // A plain STORE of the same endpoint still waits for its ping.
        ledger.Receive(ledger.Put(Samples.Key(1), true), other);
        Assert.Equal(1, ledger.Node.Counts["requests.pending"]);
        Assert.Single(ledger.Answers(other));
    }

    [Theory]
    [InlineData(5, "Valid")]
    [InlineData(11, "Expired")]
    [InlineData(60, "Expired")]
    [InlineData(90, "None")]
    public async Task An_expired_token_proves_nothing_and_is_renewed(int minutes, string expected)
    {
        await using var ledger = new Ledger([]);
        var token = ledger.AskForToken(Stranger);
        ledger.AnswerPing(Stranger, null);
        ledger.Clock.Advance(TimeSpan.FromMinutes(minutes));
        ledger.Receive(ledger.Put(Key, true, token), Stranger);

        // Its proof may be over as well.
        ledger.AnswerPing(Stranger, null);
        Assert.Equal(1, ledger.Node.Counts[$"stores.token.{expected}"]);
        Assert.Equal(expected == "Valid", (await HeldAsync(ledger, Key))!.IsAuthored);
        Assert.Equal(expected == "None", ledger.TokenOf(Stranger).IsNone);
        Assert.NotEqual(token, ledger.TokenOf(Stranger));
    }

    [Fact]
    public async Task Tokens_of_another_address_another_node_or_nobody_prove_nothing()
    {
        await using var ledger = new Ledger([]);
        await using var restarted = new Ledger([], random: 18);
        WriteToken[] tokens = [ledger.AskForToken(Python), restarted.AskForToken(Stranger), new WriteToken(1), new WriteToken(ulong.MaxValue)];
        foreach (var (i, token) in tokens.Index())
        {
            ledger.Receive(ledger.Put(Samples.Key(i), true, token), Stranger);
        }

        Assert.Empty(ledger.Answers(Stranger));
        ledger.AnswerPing(Stranger, null);
        Assert.Equal(tokens.Length, ledger.Answers(Stranger).Count(answer => answer[^1] == True && answer.Length == 22));
        foreach (var (i, _) in tokens.Index())
        {
            var held = (await HeldAsync(ledger, Samples.Key(i)))!;
            Assert.Equal((SourceNetwork.Of(Stranger), false), (held.Source, held.IsAuthored));
        }
    }

    /// <summary>A copy says whether its value is authored: a hand-off neither loses the mark of one, nor gives it to a Python node's.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_copy_has_the_mark_that_its_sender_says_and_a_publication_is_its_senders(bool isAuthored)
    {
        await using var ledger = new Ledger([]);
        var token = ledger.AskForToken(Stranger);
        ledger.Receive(ledger.Put(Key, true, token, isAuthored, secondsLeft: 600), Stranger);
        ledger.Receive(ledger.Put(Samples.Key(1), true, token, isAuthored), Stranger);
        ledger.Receive(ledger.Put(Samples.Key(2), true, new WriteToken(3), isAuthored, secondsLeft: 600), Stranger);
        ledger.AnswerPing(Stranger, null);

        Assert.Equal(isAuthored, (await HeldAsync(ledger, Key))!.IsAuthored);
        Assert.True((await HeldAsync(ledger, Samples.Key(1)))!.IsAuthored);
        Assert.False((await HeldAsync(ledger, Samples.Key(2)))!.IsAuthored);
    }

    /// <summary>What an edge's node id sends to another one of the same cluster changes nothing: both write the same shards.</summary>
    [Fact]
    public async Task Whoever_says_to_share_the_store_changes_nothing_not_even_when_a_value_was_stored()
    {
        var siblings = new SiblingIds(TimeProvider.System);
        await using var ledger = new Ledger([], siblings: siblings);
        var token = ledger.AskForToken(Stranger);
        ledger.Receive(ledger.Put(Key, true, token), Stranger);
        siblings.Update([Samples.Key(9)]);
        var held = await HeldAsync(ledger, Key);
        ledger.Clock.Advance(TimeSpan.FromMinutes(2));

        ledger.Receive(ledger.Put(Key, true, token, sender: Samples.Key(9)), Stranger);
        Assert.Equal(True, ledger.Answers(Stranger).Last()[Datagram.HeaderLength]);
        ledger.Receive(ledger.Put(Key, false, token, sender: Samples.Key(9)), Stranger);
        Assert.Equal(False, ledger.Answers(Stranger).Last()[Datagram.HeaderLength]);
        ledger.Receive(ledger.Put(Samples.Key(1), true, token, sender: Samples.Key(9)), Stranger);
        Assert.Equal(False, ledger.Answers(Stranger).Last()[Datagram.HeaderLength]);

        Assert.Equal(held, await HeldAsync(ledger, Key));
        Assert.Equal(DhtValue.FromBoolean(true), held!.Value);
        Assert.Null(await HeldAsync(ledger, Samples.Key(1)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task Without_a_token_authors_values_are_changed_within_one_bound_an_hour_and_all_others_as_before(int bound)
    {
        await using var ledger = new Ledger([], options => options.ChangesWithoutToken = bound);
        var token = ledger.AskForToken(Stranger);
        ledger.AnswerPing(Stranger, null);
        List<UdpEndpoint> pythons = [.. Enumerable.Range(0, 4).Select(i => UdpEndpoint.FromIPv4(0x0C00_0001 + ((uint)i << 8), 8468))];
        pythons.ForEach(python =>
        {
            ledger.Receive(ledger.Ping(), python);
            ledger.AnswerPing(python, null);
        });
        for (var i = 0; i < 20; i++)
        {
            ledger.Receive(ledger.Put(Samples.Key(i), "authored", token), Stranger);
            ledger.Receive(ledger.Put(Samples.Key(100 + i), "python's"), Python);
            ledger.AnswerPing(Python, null);
        }

        Assert.Equal(bound, await ChangeAsync());

        // What was replaced so is nobody's: it is replaced again, as any such value.
        Assert.Equal(bound, await ChangeAsync());
        Assert.Equal((bound, 40 - (2 * bound)), (ledger.Node.Counts["stores.tokenlessChange.Allowed"], ledger.Node.Counts["stores.tokenlessChange.Refused"]));
        Assert.Equal(40 - (2 * bound), ledger.Node.Counts["stores.refused.TokenRequired"]);
        for (var i = 0; i < 20; i++)
        {
            ledger.Receive(ledger.Put(Samples.Key(100 + i), "other"), pythons[i % 4]);
            ledger.Receive(ledger.Put(Samples.Key(i), "authored"), pythons[i % 4]);
            Assert.Equal("other", (await HeldAsync(ledger, Samples.Key(100 + i)))!.Value.AsString());
        }

        // After an hour as many more; whoever shows a token changes all of them.
        ledger.Clock.Advance(WriteGuard.Window);
        Assert.Equal(2 * bound, await ChangeAsync());
        var renewed = ledger.AskForToken(Stranger);
        for (var i = 0; i < 20; i++)
        {
            ledger.Receive(ledger.Put(Samples.Key(i), "mine", renewed), Stranger);
            Assert.Equal("mine", (await HeldAsync(ledger, Samples.Key(i)))!.Value.AsString());
        }

        async Task<int> ChangeAsync()
        {
            var (changed, lie) = (0, DhtValue.FromString($"lie {ledger.Clock.GetUtcNow().Ticks} {ledger.Random.Next(1 << 30)}"));
            for (var i = 0; i < 20; i++)
            {
                var python = pythons[i % pythons.Count];
                ledger.Receive(ledger.Put(Samples.Key(i), lie), python);
                ledger.AnswerPing(python, null);
                changed += (await HeldAsync(ledger, Samples.Key(i)))!.Value == lie ? 1 : 0;
            }

            return changed;
        }
    }

    [Fact]
    public async Task What_the_store_refuses_for_another_reason_takes_nothing_of_the_bound()
    {
        var quota = new StoreQuota { ChangesPerSource = 2 };
        await using var ledger = new Ledger([], options => options.ChangesWithoutToken = 5, quota: quota);
        var token = ledger.AskForToken(Stranger);
        for (var i = 0; i < 20; i++)
        {
            ledger.Receive(ledger.Put(Samples.Key(i), "authored", token), Stranger);
        }

        var taken = 0;
        for (var source = 0u; source < 4; source++)
        {
            var python = UdpEndpoint.FromIPv4(0x0C00_0001 + (source << 8), 8468);
            ledger.Receive(ledger.Ping(), python);
            ledger.AnswerPing(python, null);
            for (var i = 0; i < 4; i++)
            {
                ledger.Receive(ledger.Put(Samples.Key((4 * (int)source) + i), "lie"), python);
            }

            taken += ledger.Answers(python).Count(answer => answer[^1] == True && answer.Length == 22);
        }

        // Two of each of the first two, and the last of five.
        Assert.Equal(5, taken);
    }

    /// <summary>Neither a change, nor a shorter life, nor a copy without the mark of what the same source wrote with a token.</summary>
    [Fact]
    public async Task What_its_own_source_changes_without_a_token_takes_nothing_of_the_bound()
    {
        await using var ledger = new Ledger([], options => options.ChangesWithoutToken = 5);
        var token = ledger.AskForToken(Stranger);
        ledger.AnswerPing(Stranger, null);
        for (var i = 0; i < 20; i++)
        {
            ledger.Receive(ledger.Put(Samples.Key(i), "authored", token), Stranger);
            ledger.Receive(ledger.Put(Samples.Key(i), "other"), Stranger);

            // It would live longer, so it is no old publication.
            ledger.Clock.Advance(TimeSpan.FromSeconds(1));
            ledger.Receive(ledger.Put(Samples.Key(i), "copied", token, isAuthored: false, secondsLeft: 1_000_000), Stranger);
            Assert.Equal(False, ledger.Answers(Stranger).Last()[Datagram.HeaderLength]);
            Assert.Equal("authored", (await HeldAsync(ledger, Samples.Key(i)))!.Value.AsString());
        }

        Assert.Equal((0, 0), (ledger.Node.Counts["stores.tokenlessChange.Allowed"], ledger.Node.Counts["stores.tokenlessChange.Refused"]));
        Assert.Equal(40, ledger.Node.Counts["stores.refused.NotOwner"]);
        ledger.Receive(ledger.Ping(), Python);
        ledger.AnswerPing(Python, null);
        for (var i = 0; i < 20; i++)
        {
            ledger.Receive(ledger.Put(Samples.Key(i), "lie"), Python);
        }

        Assert.Equal(5, ledger.Node.Counts["stores.tokenlessChange.Allowed"]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_node_stored_without_a_token_comes_back_unless_each_change_needs_one(bool requiresTokens)
    {
        await using var ledger = new Ledger([], options => (options.ChangesWithoutToken, options.RequireTokens) = (0, requiresTokens));
        var token = ledger.AskForToken(Stranger);
        ledger.Receive(ledger.Ping(), Python);
        ledger.AnswerPing(Python, null);
        for (var i = 0; i < 20; i++)
        {
            ledger.Receive(ledger.Put(Samples.Key(i), "python's"), Python);
            ledger.Receive(ledger.Put(Samples.Key(i), "taken", token), Stranger);
            ledger.Receive(ledger.Put(Samples.Key(i), "other"), Python);
            Assert.Equal("taken", (await HeldAsync(ledger, Samples.Key(i)))!.Value.AsString());

            ledger.Receive(ledger.Put(Samples.Key(i), "python's"), Python);
            Assert.Equal(requiresTokens ? "taken" : "python's", (await HeldAsync(ledger, Samples.Key(i)))!.Value.AsString());
        }
    }

    /// <summary>Each with a bound of its own, they would let as many changes through as there are ids.</summary>
    [Fact]
    public async Task The_node_ids_of_an_edge_share_one_bound_and_each_others_tokens()
    {
        await using var one = new Ledger([], options => options.ChangesWithoutToken = 4);
        await using var other = new Ledger([], options => options.ChangesWithoutToken = 4, random: 18, sibling: one);
        var token = one.AskForToken(Stranger);
        for (var i = 0; i < 20; i++)
        {
            other.Receive(other.Put(Samples.Key(i), "authored", token), Stranger);
            Assert.True((await HeldAsync(one, Samples.Key(i)))!.IsAuthored);
        }

        foreach (var ledger in new[] { one, other })
        {
            ledger.Receive(ledger.Ping(), Python);
            ledger.AnswerPing(Python, null);
        }

        for (var i = 0; i < 20; i++)
        {
            var ledger = i % 2 == 0 ? one : other;
            ledger.Receive(ledger.Put(Samples.Key(i), "lie"), Python);
        }

        var lies = 0;
        for (var i = 0; i < 20; i++)
        {
            lies += (await HeldAsync(one, Samples.Key(i)))!.Value == "lie" ? 1 : 0;
        }

        Assert.Equal(4, lies);
    }

    [Fact]
    public async Task A_node_that_requires_tokens_lets_others_store_new_keys_and_renew_alone()
    {
        await using var ledger = new Ledger([], options => options.RequireTokens = true);
        ledger.Receive(ledger.Ping(), Python);
        ledger.AnswerPing(Python, null);
        ledger.Receive(ledger.Put(Key, "first"), Python);
        ledger.Receive(ledger.Put(Key, "first"), Python);
        ledger.Receive(ledger.Put(Key, "second"), Python);

        Assert.Equal([True, True, False], ledger.Answers(Python).Skip(1).Select(answer => answer[^1]));
        Assert.Equal("first", (await HeldAsync(ledger, Key))!.Value.AsString());
        ledger.Receive(ledger.Put(Key, "second", ledger.AskForToken(Python)), Python);
        Assert.Equal("second", (await HeldAsync(ledger, Key))!.Value.AsString());
    }

    [Fact]
    public async Task Trust_lifts_limits_and_no_mark_of_an_author()
    {
        await using var ledger = new Ledger([], options =>
        {
            options.Trust.Add("198.51.100.0/24");
            options.ChangesWithoutToken = 0;
        });
        var token = ledger.AskForToken(Stranger);
        ledger.Receive(ledger.Put(Key, "authored", token), Stranger);

        ledger.Receive(ledger.Put(Key, "lie"), Python);
        Assert.Equal(False, ledger.Answers(Python).Last()[^1]);
        ledger.Receive(ledger.Put(Samples.Key(1), "new"), Python);
        var held = (await HeldAsync(ledger, Samples.Key(1)))!;
        Assert.Equal((SourceNetwork.Trusted, false), (held.Source, held.IsAuthored));

        ledger.Receive(ledger.Put(Key, "trusted", ledger.AskForToken(Python)), Python);
        held = (await HeldAsync(ledger, Key))!;
        Assert.Equal(("trusted", SourceNetwork.Trusted, true), (held.Value.AsString(), held.Source, held.IsAuthored));
    }

    [Fact]
    public async Task What_the_node_sets_itself_is_authored()
    {
        await using var ledger = new Ledger([]);
        await ledger.Node.SetAsync(Key, "own");

        var held = (await HeldAsync(ledger, Key))!;
        Assert.Equal((SourceNetwork.Trusted, true), (held.Source, held.IsAuthored));
    }

    private static ValueTask<StoredValue?> HeldAsync(Ledger ledger, NodeId key) => ledger.Store.GetAsync(key, ledger.Clock.GetUtcNow());
}
