namespace KadOrleans.Tests.Core;

public sealed class LookupTests
{
    private static readonly KademliaOptions Options = new() { BucketSize = 4, DisjointPaths = 1 };
    private readonly LookupNetwork _network = new(seed: 7, contacts: 12) { Options = Options };
    private readonly Contact[] _contacts;

    public LookupTests() => _contacts = _network.Contacts;

    [Fact]
    public void Nodes_are_asked_for_by_the_id_beside_the_target_which_puts_all_others_in_the_same_order()
    {
        var query = Start(LookupKind.Node).QueryTarget;

        Assert.Equal(NodeId.BitLength - 1, query.CommonPrefixLength(_network.Target));
        Assert.Equal(_contacts, _contacts.OrderBy(c => c.Id.DistanceTo(query)));
        Assert.Equal(_network.Target, Start(LookupKind.Value).QueryTarget);
        Assert.Equal(_network.Own, new Lookup(_network.Own, _network.Own, LookupKind.Node, _contacts, Options).QueryTarget);
    }

    [Fact]
    public void Alpha_requests_are_in_flight_at_all_times_nearest_first()
    {
        var lookup = Start(LookupKind.Node, _contacts[2..8]);

        Assert.Equal(_contacts[2..5], LookupNetwork.TakeAll(lookup));
        lookup.OnNodes(_contacts[3], []);
        Assert.Equal([_contacts[5]], LookupNetwork.TakeAll(lookup));
        lookup.OnFailed(_contacts[2]);
        Assert.Equal([_contacts[6]], LookupNetwork.TakeAll(lookup));
    }

    [Fact]
    public void Lookup_stops_when_the_k_closest_have_answered()
    {
        var lookup = Start(LookupKind.Node, _contacts);

        AnswerAll(lookup, _contacts);

        var outcome = lookup.GetOutcome();
        Assert.Equal(TerminationReason.Converged, outcome.Reason);
        Assert.Equal(_contacts[..4], outcome.Closest);
        Assert.Equal(4, outcome.Asked);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_slow_contact_frees_its_slot_and_counts_only_if_it_answers_in_time(bool isInTime)
    {
        var lookup = Begin(LookupKind.Node, _contacts);
        lookup.OnUnresponsive(_contacts[0]);
        if (isInTime)
        {
            lookup.OnNodes(_contacts[0], []);
        }

        AnswerAll(lookup, _contacts[1..]);

        Assert.Equal(TerminationReason.Converged, lookup.Reason);
        Assert.Equal(isInTime ? _contacts[..4] : _contacts[1..5], lookup.GetOutcome().Closest);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_contact_that_did_not_answer_earlier_takes_no_slot_and_is_waited_for_only_at_the_end(bool isBack)
    {
        var lookup = Start(LookupKind.Node, _contacts);
        Assert.True(lookup.TryNext(out var first));
        lookup.PassOver(first);
        Assert.Equal(_network.Options.LookupConcurrency, LookupNetwork.TakeAll(lookup).Length);
        AnswerAll(lookup, _contacts[1..]);
        Assert.True(lookup.IsWaitingForUnresponsive);
        Assert.False(lookup.NeedsRetries);

        if (isBack)
        {
            lookup.OnNodes(first, []);
        }
        else
        {
            lookup.StopWaitingForUnresponsive();
        }

        Assert.Equal(TerminationReason.Converged, lookup.Reason);
        Assert.Equal(isBack, lookup.GetOutcome().Closest.Contains(first));
    }

    // Who names endpoints that never answer must not make each lookup wait for them.
    [Fact]
    public void A_contact_that_did_not_answer_earlier_and_is_farther_than_k_that_do_is_not_waited_for()
    {
        var lookup = Start(LookupKind.Node, [_contacts[0], _contacts[11]]);
        Assert.Equal([_contacts[0], _contacts[11]], LookupNetwork.TakeAll(lookup));
        lookup.PassOver(_contacts[11]);
        lookup.OnNodes(_contacts[0], _contacts.AsSpan(1, 4));
        AnswerAll(lookup, _contacts[1..5]);

        Assert.Equal(TerminationReason.Converged, lookup.Reason);
        Assert.Equal(_contacts[..4], lookup.GetOutcome().Closest);
    }

    [Fact]
    public void While_nobody_has_answered_slow_contacts_are_waited_for()
    {
        var lookup = Begin(LookupKind.Node, _contacts[..2]);
        lookup.OnUnresponsive(_contacts[0]);
        lookup.OnUnresponsive(_contacts[1]);
        Assert.False(lookup.IsDone);

        lookup.OnFailed(_contacts[0]);
        Assert.False(lookup.IsDone);
        lookup.OnFailed(_contacts[1]);

        Assert.Equal(TerminationReason.NobodyAnswered, lookup.Reason);
        Assert.Equal((0, 2), (lookup.GetOutcome().Answered, lookup.GetOutcome().Failed));
    }

    [Fact]
    public void Own_id_is_never_asked_nor_are_endpoints_that_cannot_be()
    {
        var own = new Contact(_network.Own, _contacts[0].Endpoint);
        var nowhere = new Contact(_contacts[1].Id, _contacts[1].Endpoint.WithPort(0));
        var lookup = Start(LookupKind.Node, own, nowhere);

        Assert.False(lookup.TryNext(out _));
        Assert.Equal(TerminationReason.NoContacts, lookup.Reason);
    }

    [Fact]
    public void Loopback_contacts_are_believed_only_from_loopback()
    {
        var lookup = Begin(LookupKind.Node, _contacts[8]);

        lookup.OnNodes(_contacts[8], [new Contact(_contacts[0].Id, UdpEndpoint.Parse("127.0.0.1:9"))]);

        Assert.Null(lookup.CandidateAt(_contacts[0].Endpoint)?.State);
    }

    [Fact]
    public void Many_ids_at_one_address_are_one_contact()
    {
        var lookup = Begin(LookupKind.Node, _contacts[8]);
        var victim = UdpEndpoint.Parse("12.0.0.1:53");

        lookup.OnNodes(_contacts[8], [.. _contacts[..5].Select(c => c with { Endpoint = victim })]);

        Assert.Single(LookupNetwork.TakeAll(lookup));
    }

    [Fact]
    public void A_failed_contact_is_tried_again_at_another_address()
    {
        var lookup = Begin(LookupKind.Node, _contacts[..2]);
        lookup.OnFailed(_contacts[0]);
        var moved = _contacts[0] with { Endpoint = _contacts[0].Endpoint.WithPort(1) };

        lookup.OnNodes(_contacts[1], [moved]);

        Assert.Equal([moved], LookupNetwork.TakeAll(lookup));
    }

    [Fact]
    public void Answers_nobody_waits_for_change_nothing()
    {
        var lookup = Begin(LookupKind.Value, _contacts[..1]);
        var elsewhere = _contacts[0] with { Endpoint = _contacts[0].Endpoint.WithPort(1) };

        lookup.OnValue(_contacts[5], DhtValue.FromInteger(1));
        lookup.OnValue(elsewhere, DhtValue.FromInteger(1));
        lookup.OnNodes(_contacts[0], []);
        lookup.OnValue(_contacts[0], DhtValue.FromInteger(1));

        Assert.Null(lookup.GetOutcome().Value);
        Assert.Equal(1, lookup.GetOutcome().Answered);
    }

    [Fact]
    public void A_cancelled_lookup_keeps_what_it_found()
    {
        var lookup = Begin(LookupKind.Node, _contacts);
        lookup.OnNodes(_contacts[0], []);

        lookup.Cancel();
        lookup.Cancel();

        Assert.Equal(TerminationReason.Cancelled, lookup.Reason);
        Assert.Equal([_contacts[0]], lookup.GetOutcome().Closest);
        Assert.False(lookup.TryNext(out _));
    }

    [Fact]
    public void Hops_count_the_chain_of_answers_to_the_nearest_contact()
    {
        var lookup = Begin(LookupKind.Node, _contacts[9]);
        lookup.OnNodes(_contacts[9], [_contacts[5]]);
        LookupNetwork.TakeAll(lookup);
        lookup.OnNodes(_contacts[5], [_contacts[0]]);
        AnswerAll(lookup, _contacts);

        Assert.Equal(3, lookup.GetOutcome().Hops);
    }

    [Fact]
    public void Nothing_that_comes_late_changes_an_outcome_that_stands()
    {
        var lookup = Begin(LookupKind.Node, _contacts[1..5]);
        lookup.OnUnresponsive(_contacts[1]);
        LookupNetwork.TakeAll(lookup);
        foreach (var contact in _contacts[2..5])
        {
            lookup.OnNodes(contact, []);
        }

        Assert.Equal(TerminationReason.Converged, lookup.Reason);
        var outcome = lookup.GetOutcome();
        lookup.OnNodes(_contacts[1], [_contacts[0], _contacts[6]]);

        Assert.True(lookup.IsDone);
        Assert.Empty(LookupNetwork.TakeAll(lookup));
        Assert.Equal(outcome.Closest, lookup.GetOutcome().Closest);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_copy_belongs_to_a_contact_with_fewer_than_k_nearer_ones(bool nearestFails)
    {
        var lookup = Begin(LookupKind.Value, _contacts[5..7]);
        lookup.OnNodes(_contacts[5], _contacts.AsSpan(0, 4));
        lookup.OnUnresponsive(_contacts[6]);
        Assert.True(lookup.TryNext(out var nearest));
        if (nearestFails)
        {
            lookup.OnFailed(nearest);
        }

        lookup.OnValue(_contacts[6], DhtValue.FromInteger(1));

        Assert.Equal(_contacts[5], lookup.GetOutcome().CacheAt);
        Assert.Equal(nearestFails, lookup.GetOutcome().CacheBelongs);
    }

    [Theory]
    [InlineData(LookupKind.Node, false)]
    [InlineData(LookupKind.Value, false)]
    [InlineData(LookupKind.Value, true)]
    public void Only_a_value_lookup_waits_for_the_unresponsive_until_they_give_a_value_or_fail(LookupKind kind, bool holds)
    {
        var lookup = Begin(kind, _contacts[..2]);
        lookup.OnNodes(_contacts[1], []);
        lookup.OnUnresponsive(_contacts[0]);
        Assert.Equal(kind == LookupKind.Node, lookup.IsDone);

        if (holds)
        {
            lookup.OnValue(_contacts[0], DhtValue.FromInteger(1));
        }
        else
        {
            lookup.OnFailed(_contacts[0]);
        }

        Assert.Equal(holds ? TerminationReason.ValueFound : TerminationReason.Converged, lookup.Reason);
        Assert.Equal(holds ? DhtValue.FromInteger(1) : default(DhtValue?), lookup.GetOutcome().Value);
    }

    private Lookup Start(LookupKind kind, params Contact[] seeds) => _network.Start(kind, seeds);

    private Lookup Begin(LookupKind kind, params Contact[] seeds) => _network.Begin(kind, seeds);

    private static void AnswerAll(Lookup lookup, Contact[] network)
    {
        var waiting = network.Where(c => lookup.CandidateAt(c.Endpoint)?.State == CandidateState.Waiting).ToList();
        waiting.ForEach(c => lookup.OnNodes(c, []));
        LookupNetwork.Run(lookup, c => lookup.OnNodes(c, []));
    }
}
