namespace KadOrleans.Tests.Core;

public sealed class LookupVoteTests
{
    private readonly LookupNetwork _network = new(seed: 5, contacts: 20)
    {
        Options = new KademliaOptions { BucketSize = 20, DisjointPaths = 1 },
    };

    private Contact[] Contacts => _network.Contacts;

    [Fact]
    public void In_a_private_network_the_first_undisputed_value_ends_the_lookup()
    {
        var contacts = InPrivateNetwork();
        var lookup = _network.Begin(LookupKind.Value, contacts);

        lookup.OnValue(contacts[1], DhtValue.FromInteger(1));
        Assert.Empty(LookupNetwork.TakeAll(lookup));
        Assert.False(lookup.IsDone);
        lookup.OnNodes(contacts[0], contacts);
        lookup.OnFailed(contacts[2]);

        var outcome = lookup.GetOutcome();
        Assert.Equal(TerminationReason.ValueFound, outcome.Reason);
        Assert.Equal(DhtValue.FromInteger(1), outcome.Value);
        Assert.Equal(contacts[0], outcome.CacheAt);
        Assert.Equal((1, 0), (outcome.Agreed, outcome.Differed));
    }

    [Fact]
    public void In_a_private_network_a_dispute_is_settled_by_all_of_the_k_nearest()
    {
        var contacts = InPrivateNetwork();
        var lookup = _network.Start(LookupKind.Value, contacts);

        LookupNetwork.Run(lookup, contact => Array.IndexOf(contacts, contact) < 2 ? 6 : 7);

        var outcome = lookup.GetOutcome();
        Assert.Equal(DhtValue.FromInteger(7), outcome.Value);
        Assert.Equal((18, 2), (outcome.Agreed, outcome.Differed));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Public_holders_that_agree_end_the_lookup_at_the_quorum_unless_all_are_asked(bool asksAll)
    {
        var lookup = _network.Start(LookupKind.Value, Contacts, new LookupPolicy { AsksAllHolders = asksAll });

        LookupNetwork.Run(lookup, _ => 1);

        var outcome = lookup.GetOutcome();
        var most = asksAll ? 20 : Lookup.Quorum + _network.Options.LookupConcurrency;
        Assert.InRange(outcome.Agreed, asksAll ? 20 : Lookup.Quorum, most);
        Assert.Equal((0, outcome.Agreed), (outcome.Differed, outcome.Asked));
    }

    [Fact]
    public void Voices_that_are_missing_are_asked_for_at_once()
    {
        var lookup = _network.Start(LookupKind.Value, Contacts);
        var first = LookupNetwork.TakeAll(lookup);

        lookup.OnValue(first[0], DhtValue.FromInteger(1));

        Assert.Equal(Lookup.Quorum, LookupNetwork.TakeAll(lookup).Length + first.Length - 1);
    }

    [Fact]
    public void Where_the_first_contacts_alone_are_asked_nobody_whom_they_name_is()
    {
        var strangers = Enumerable.Range(0, 20).Select(_ => _network.Near(30)).ToArray();
        var lookup = _network.Start(LookupKind.Value, Contacts, new LookupPolicy { AsksAllHolders = true, AsksSeedsAlone = true });
        var asked = new List<Contact>();

        LookupNetwork.Run(lookup, contact =>
        {
            asked.Add(contact);
            if (asked.Count % 3 == 0)
            {
                lookup.OnFailed(contact);
            }
            else
            {
                lookup.OnNodes(contact, strangers);
            }
        });

        Assert.Equivalent(Contacts, asked, strict: true);
        Assert.True(lookup.IsDone);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Where_the_first_contacts_alone_are_asked_a_value_does_not_end_the_wait_for_those_that_are_slow(bool isPassedOver)
    {
        var lookup = _network.Start(LookupKind.Value, Contacts, new LookupPolicy { AsksAllHolders = true, AsksSeedsAlone = true });
        LookupNetwork.Run(lookup, contact =>
        {
            if (contact != Contacts[3] && contact != Contacts[4])
            {
                lookup.OnValue(contact, DhtValue.FromInteger(1));
            }
            else if (isPassedOver)
            {
                lookup.PassOver(contact);
            }
            else
            {
                lookup.OnUnresponsive(contact);
            }
        });

        Assert.True(lookup.IsWaitingForUnresponsive);
        lookup.OnValue(Contacts[3], DhtValue.FromInteger(1));
        Assert.False(lookup.IsDone);
        lookup.StopWaitingForUnresponsive();

        Assert.Equal((TerminationReason.ValueFound, 19), (lookup.Reason, lookup.GetOutcome().Agreed));
    }

    // Of eight, three are asked before the first value is known, the others are drawn: 1 of 136 draws has liars alone.
    [Theory]
    [InlineData(1, 0)]
    [InlineData(Lookup.Quorum - 1, 0)]
    [InlineData(8, 30)]
    public void Fewer_liars_than_the_quorum_never_win_however_near_they_are_and_more_hardly_ever(int liars, int most) =>
        Assert.InRange(
            Enumerable.Range(0, 1_000).Count(draw =>
            {
                var lookup = _network.Start(LookupKind.Value, Contacts, new LookupPolicy { Draw = (uint)draw });
                LookupNetwork.Run(lookup, contact => Array.IndexOf(Contacts, contact) < liars ? 6 : 7);
                return lookup.GetOutcome().Value != DhtValue.FromInteger(7);
            }),
            0,
            most);

    [Fact]
    public void A_network_has_one_voice()
    {
        var host = _network.NextEndpoint();
        var liars = Enumerable.Range(0, 8).Select(i => _network.Near(30, host.WithPort((ushort)(1 + i)))).ToArray();
        var lookup = _network.Start(LookupKind.Value, [.. liars, .. Contacts]);

        LookupNetwork.Run(lookup, contact => liars.Contains(contact) ? 6 : 7);

        var outcome = lookup.GetOutcome();
        Assert.Equal(DhtValue.FromInteger(7), outcome.Value);
        Assert.Equal((19, 1), (outcome.Agreed, outcome.Differed));
    }

    [Fact]
    public void The_life_is_that_of_the_middle_holder_and_not_of_the_one_that_says_most()
    {
        var lookup = _network.Start(LookupKind.Value, Contacts[..5]);
        var lives = new Queue<int>([100, 101, 99, int.MaxValue, 98]);

        LookupNetwork.Run(lookup, contact => lookup.OnValue(contact, DhtValue.FromInteger(1), TimeSpan.FromSeconds(lives.Dequeue())));

        Assert.Equal(TimeSpan.FromSeconds(100), lookup.GetOutcome().ValueLife);
    }

    [Fact]
    public void A_value_that_only_a_farther_contact_holds_is_found()
    {
        var network = new LookupNetwork(seed: 6, contacts: 12);
        var lookup = network.Start(LookupKind.Value, network.Contacts[^1..]);

        LookupNetwork.Run(lookup, contact => contact == network.Contacts[^1] ? 1 : null);

        Assert.Equal(DhtValue.FromInteger(1), lookup.GetOutcome().Value);
    }

    [Fact]
    public void No_copy_is_left_behind_where_as_many_differ_as_agree()
    {
        var lookup = _network.Start(LookupKind.Value, Contacts[..3]);

        LookupNetwork.Run(lookup, contact => Array.IndexOf(Contacts, contact) switch { 0 => 6, 1 => 7, _ => null });

        Assert.Equal(DhtValue.FromInteger(6), lookup.GetOutcome().Value);
        Assert.Null(lookup.GetOutcome().CacheAt);
    }

    private Contact[] InPrivateNetwork() =>
        [.. Contacts.Select((c, i) => c with { Endpoint = UdpEndpoint.FromIPv4(0x0A00_0001 + (uint)i, 8468) })];
}
