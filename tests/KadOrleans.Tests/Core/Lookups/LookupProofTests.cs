namespace KadOrleans.Tests.Core;

/// <summary>Who counts: contacts whose endpoint has told the id that they were named under.</summary>
public sealed class LookupProofTests
{
    private static readonly LookupPolicy NobodyIsProved = new() { IsProved = _ => false };
    private readonly LookupNetwork _network = new(seed: 9, contacts: 12);

    private Contact[] Contacts => _network.Contacts;

    [Fact]
    public void A_contact_counts_once_it_has_answered_and_told_its_id()
    {
        var lookup = _network.Begin(LookupKind.Node, Contacts[..1], NobodyIsProved);
        Assert.True(lookup.NeedsProof(Contacts[0]));

        lookup.OnNodes(Contacts[0], []);
        Assert.False(lookup.IsDone);
        Assert.Empty(lookup.GetOutcome().Closest);
        lookup.OnIdentified(Contacts[0].Endpoint, Contacts[0].Id);

        Assert.Equal(TerminationReason.Converged, lookup.Reason);
        Assert.Equal(Contacts[..1], lookup.GetOutcome().Closest);
    }

    [Fact]
    public void What_it_names_is_asked_without_waiting_for_its_id()
    {
        var lookup = _network.Begin(LookupKind.Node, Contacts[5..6], NobodyIsProved);

        lookup.OnNodes(Contacts[5], Contacts.AsSpan(0, 1));

        Assert.Equal(Contacts[..1], LookupNetwork.TakeAll(lookup));
    }

    [Fact]
    public void An_endpoint_that_was_named_under_an_invented_id_counts_under_its_own()
    {
        var invented = _network.Near(40, Contacts[3].Endpoint);
        var lookup = _network.Begin(LookupKind.Node, [invented, Contacts[0]], NobodyIsProved);

        lookup.OnNodes(invented, []);
        lookup.OnIdentified(invented.Endpoint, Contacts[3].Id);
        lookup.OnIdentified(Contacts[0].Endpoint, Contacts[0].Id);
        lookup.OnNodes(Contacts[0], []);

        Assert.Equal([Contacts[0], Contacts[3]], lookup.GetOutcome().Closest);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void One_that_has_no_id_or_ours_fails(bool isOurs)
    {
        var lookup = _network.Begin(LookupKind.Node, Contacts[..1], NobodyIsProved);
        lookup.OnNodes(Contacts[0], []);

        lookup.OnIdentified(Contacts[0].Endpoint, isOurs ? _network.Own : null);

        Assert.Equal(CandidateState.Failed, lookup.CandidateAt(Contacts[0].Endpoint)?.State);
        Assert.Equal(TerminationReason.NobodyAnswered, lookup.Reason);
    }

    [Fact]
    public void An_id_that_was_claimed_falsely_first_is_taken_from_its_true_endpoint()
    {
        var claimed = Contacts[0] with { Endpoint = Contacts[1].Endpoint };
        var lookup = _network.Begin(LookupKind.Node, [claimed, Contacts[0]], NobodyIsProved);
        lookup.OnNodes(claimed, []);
        lookup.OnNodes(Contacts[0], []);

        lookup.OnIdentified(claimed.Endpoint, Contacts[1].Id);
        lookup.OnIdentified(Contacts[0].Endpoint, Contacts[0].Id);

        Assert.Equal(Contacts[..2], lookup.GetOutcome().Closest);
    }

    [Fact]
    public void Of_the_endpoints_that_an_id_is_claimed_for_three_are_kept()
    {
        var claims = Enumerable.Range(0, LookupNetwork.BucketSize).Select(_ => Contacts[0] with { Endpoint = _network.NextEndpoint() }).ToArray();
        var lookup = _network.Begin(LookupKind.Node, Contacts[5..6], NobodyIsProved);

        lookup.OnNodes(Contacts[5], claims);

        Assert.Equal(claims[..3], claims.Where(claim => lookup.CandidateAt(claim.Endpoint) is not null));
    }

    [Fact]
    public void A_late_id_frees_the_place_and_is_waited_for_at_the_end()
    {
        var lookup = _network.Start(LookupKind.Node, Contacts[..8], NobodyIsProved);
        var first = LookupNetwork.TakeAll(lookup)[0];
        lookup.OnNodes(first, []);
        Assert.Empty(LookupNetwork.TakeAll(lookup));

        lookup.OnUnresponsiveProof(first.Endpoint);
        LookupNetwork.Run(lookup, contact => AnswerWithId(lookup, contact));
        foreach (var contact in Contacts[..8].Where(c => lookup.CandidateAt(c.Endpoint)?.State == CandidateState.Waiting))
        {
            AnswerWithId(lookup, contact);
        }

        LookupNetwork.Run(lookup, contact => AnswerWithId(lookup, contact));
        Assert.False(lookup.IsDone);
        lookup.OnIdentified(first.Endpoint, first.Id);

        Assert.Equal(Contacts[..LookupNetwork.BucketSize], lookup.GetOutcome().Closest);
    }

    [Fact]
    public void Whoever_names_three_that_are_invented_is_not_followed_further()
    {
        var lookup = _network.Begin(LookupKind.Node, Contacts[6..7], NobodyIsProved);
        lookup.OnIdentified(Contacts[6].Endpoint, Contacts[6].Id);
        lookup.OnNodes(Contacts[6], [.. Enumerable.Range(0, LookupNetwork.BucketSize).Select(_ => _network.Near(40))]);

        var asked = 0;
        LookupNetwork.Run(lookup, Contact[]? (_) =>
        {
            asked++;
            return null;
        });

        Assert.Equal(3, asked);
        Assert.Equal(TerminationReason.Converged, lookup.Reason);
    }

    [Fact]
    public void Whoever_names_the_truth_is_followed_although_a_liar_gives_the_same_endpoints_invented_ids()
    {
        var (honest, liar) = (Contacts[10], Contacts[11]);
        var lookup = _network.Begin(LookupKind.Node, [honest, liar], NobodyIsProved);
        lookup.OnIdentified(honest.Endpoint, honest.Id);
        lookup.OnIdentified(liar.Endpoint, liar.Id);

        lookup.OnNodes(honest, Contacts.AsSpan(2, LookupNetwork.BucketSize));
        lookup.OnNodes(liar, [.. Contacts[2..(2 + LookupNetwork.BucketSize - 1)].Select(c => _network.Near(40, c.Endpoint))]);
        var asked = new HashSet<UdpEndpoint>();
        LookupNetwork.Run(lookup, contact =>
        {
            asked.Add(contact.Endpoint);
            lookup.OnIdentified(contact.Endpoint, Contacts.First(c => c.Endpoint == contact.Endpoint).Id);
            lookup.OnNodes(contact, []);
        });

        Assert.Superset(Contacts[2..(2 + LookupNetwork.BucketSize)].Select(c => c.Endpoint).ToHashSet(), asked);
    }

    private static void AnswerWithId(Lookup lookup, Contact contact)
    {
        lookup.OnNodes(contact, []);
        lookup.OnIdentified(contact.Endpoint, contact.Id);
    }
}
