namespace KadOrleans.Tests.Core;

public sealed class LookupPathTests
{
    private readonly LookupNetwork _network = new(seed: 12, contacts: 30)
    {
        Options = new KademliaOptions { BucketSize = LookupNetwork.BucketSize, DisjointPaths = 3 },
    };

    private Contact[] Contacts => _network.Contacts;

    [Fact]
    public void No_contact_is_asked_twice_and_the_k_nearest_are_found()
    {
        var lookup = _network.Start(LookupKind.Node, Contacts[20..]);
        var asked = new HashSet<Contact>();

        LookupNetwork.Run(lookup, contact =>
        {
            Assert.True(asked.Add(contact));
            return Contacts[..LookupNetwork.BucketSize];
        });

        Assert.Equal(Contacts[..LookupNetwork.BucketSize], lookup.GetOutcome().Closest);
    }

    [Fact]
    public void A_liar_on_one_path_cannot_hide_what_the_others_find()
    {
        var seeds = Contacts[20..26];
        var lookup = _network.Start(LookupKind.Node, seeds);
        var bits = 20;

        // The liar and all whom it names answer under the ids they were named by: no proof gives them away.
        var liars = new HashSet<Contact> { seeds[0] };
        LookupNetwork.Run(lookup, contact =>
        {
            if (!liars.Contains(contact))
            {
                return Contacts[..LookupNetwork.BucketSize];
            }

            Contact[] named = [.. Enumerable.Range(0, LookupNetwork.BucketSize).Select(_ => _network.Near(bits++ % 140))];
            liars.UnionWith(named);
            return named;
        });

        Assert.Contains(Contacts[0], lookup.GetOutcome().Closest);
        Assert.InRange(lookup.GetOutcome().Asked, 1, Lookup.MaxRequests);
    }

    [Fact]
    public void A_liar_on_one_path_that_claims_an_id_for_other_endpoints_does_not_hide_it_from_another_path()
    {
        var lookup = _network.Start(LookupKind.Node, Contacts[20..26], new LookupPolicy { IsProved = _ => false });
        var asked = LookupNetwork.TakeAll(lookup);

        lookup.OnNodes(asked[0], [.. Enumerable.Range(0, LookupNetwork.BucketSize).Select(_ => Contacts[0] with { Endpoint = _network.NextEndpoint() })]);
        lookup.OnNodes(asked[1], Contacts.AsSpan(0, 1));

        Assert.Equal(Contacts[0], lookup.CandidateAt(Contacts[0].Endpoint)?.Contact);
    }

    [Fact]
    public void A_path_whose_contacts_all_fail_goes_on_from_unused_ones_of_the_others()
    {
        var lookup = _network.Start(LookupKind.Node, Contacts[..9]);
        Assert.Equal(Contacts[..3], LookupNetwork.TakeAll(lookup));

        // The first path has the first, fourth and seventh.
        foreach (var (failed, next) in new[] { (0, 3), (3, 6), (6, 4) })
        {
            lookup.OnFailed(Contacts[failed]);
            Assert.Equal([Contacts[next]], LookupNetwork.TakeAll(lookup));
        }

        // What a borrowed one names is of the path that borrowed it.
        lookup.OnNodes(Contacts[4], Contacts.AsSpan(20, 1));
        Assert.Equal(1u, lookup.CandidateAt(Contacts[20].Endpoint)?.Paths);
    }

    [Fact]
    public void A_path_whose_contacts_all_fail_borrows_nothing_that_others_were_named()
    {
        var lookup = _network.Start(LookupKind.Node, Contacts[10..19]);
        LookupNetwork.TakeAll(lookup);

        // Nearer than all of the table, of the second path.
        lookup.OnNodes(Contacts[11], Contacts.AsSpan(0, 2));
        Assert.Equal([Contacts[0]], LookupNetwork.TakeAll(lookup));
        foreach (var (failed, next) in new[] { (10, 13), (13, 16), (16, 14) })
        {
            lookup.OnFailed(Contacts[failed]);
            Assert.Equal([Contacts[next]], LookupNetwork.TakeAll(lookup));
        }
    }

    [Fact]
    public void A_table_of_fewer_than_k_contacts_is_one_path()
    {
        var lookup = _network.Start(LookupKind.Node, Contacts[20..(19 + LookupNetwork.BucketSize)]);
        var liar = LookupNetwork.TakeAll(lookup)[0];

        lookup.OnNodes(liar, Contacts.AsSpan(0, 1));

        Assert.Equal(Contacts[..1], LookupNetwork.TakeAll(lookup));
    }
}

public sealed class LookupDiversityTests
{
    private readonly LookupNetwork _network = new(seed: 14, contacts: 12);

    private Contact[] Contacts => _network.Contacts;

    [Fact]
    public void Of_one_network_one_contact_is_asked_and_returned()
    {
        var sybils = Sybils(20, UdpEndpoint.Parse("12.1.1.1:1"));
        var lookup = _network.Start(LookupKind.Node, [.. sybils, .. Contacts]);

        LookupNetwork.Run(lookup, _ => sybils);

        var outcome = lookup.GetOutcome();
        Assert.Equal(LookupNetwork.BucketSize, outcome.Closest.Count);
        Assert.Single(outcome.AnsweredContacts, sybils.Contains);
        Assert.Equal(Contacts[..(LookupNetwork.BucketSize - 1)], outcome.Closest.Where(Contacts.Contains));
    }

    [Fact]
    public void An_IPv6_network_is_a_slash_48()
    {
        string[] hosts = ["[2600:1:2:3::1]:1", "[2600:1:2:4::1]:1"];
        var sybils = hosts.SelectMany(host => Sybils(1, UdpEndpoint.Parse(host))).ToArray();
        var lookup = _network.Start(LookupKind.Node, [.. sybils, .. Contacts]);

        LookupNetwork.Run(lookup, _ => []);

        Assert.Single(lookup.GetOutcome().Closest, sybils.Contains);
    }

    [Fact]
    public void Two_are_taken_where_there_are_too_few_others()
    {
        var sybils = Sybils(5, UdpEndpoint.Parse("12.1.1.1:1"));
        var lookup = _network.Start(LookupKind.Node, [.. sybils, .. Contacts[..3]]);

        LookupNetwork.Run(lookup, _ => []);

        Assert.Equal(5, lookup.GetOutcome().Closest.Count);
        Assert.Equal(2, lookup.GetOutcome().Closest.Count(sybils.Contains));
    }

    [Fact]
    public void A_host_that_is_named_under_many_ports_and_is_silent_is_asked_once_by_each_path()
    {
        var network = new LookupNetwork(seed: 14, contacts: 12)
        {
            Options = new KademliaOptions { BucketSize = LookupNetwork.BucketSize, DisjointPaths = 3 },
        };
        var victim = UdpEndpoint.Parse("12.1.1.1:1");
        var ports = Enumerable.Range(1, 60).Select(i => network.Near(30, victim.WithPort((ushort)i))).ToArray();
        var lookup = network.Start(LookupKind.Node, [.. ports, .. network.Contacts]);
        var asked = 0;

        LookupNetwork.Run(lookup, contact =>
        {
            asked += ports.Contains(contact) ? 1 : 0;
            return ports.Contains(contact) ? null : [];
        });

        Assert.InRange(asked, 1, 3);
        Assert.Equal(network.Contacts[..LookupNetwork.BucketSize], lookup.GetOutcome().Closest);
    }

    [Fact]
    public void A_silent_neighbour_on_one_path_does_not_hide_an_honest_contact_from_another()
    {
        var network = new LookupNetwork(seed: 15, contacts: 12)
        {
            Options = new KademliaOptions { BucketSize = 2, DisjointPaths = 2 },
        };
        var silent = network.Near(40, network.Contacts[0].Endpoint.WithPort(9));
        var lookup = network.Start(LookupKind.Node, network.Contacts[4..8]);

        LookupNetwork.Run(
            lookup, contact => contact == silent ? null : contact == network.Contacts[4] ? [silent] : [network.Contacts[0]]);

        Assert.Contains(network.Contacts[0], lookup.GetOutcome().Closest);
    }

    [Theory]
    [InlineData("10.0.0.1:1", "")]
    [InlineData("127.0.0.1:1", "")]
    [InlineData("12.1.1.1:1", "12.1.0.0/16")]
    public void Private_and_trusted_addresses_are_not_counted(string address, string trusted)
    {
        var contacts = Sybils(LookupNetwork.BucketSize, UdpEndpoint.Parse(address));
        var policy = new LookupPolicy { Trusted = AddressRangeSet.Parse(trusted.Length == 0 ? [] : [trusted]) };
        var lookup = _network.Start(LookupKind.Node, contacts, policy);

        LookupNetwork.Run(lookup, _ => []);

        Assert.Equal(LookupNetwork.BucketSize, lookup.GetOutcome().Closest.Count);
    }

    /// <summary>Ports of one address, all nearer to the target than anybody else.</summary>
    private Contact[] Sybils(int count, UdpEndpoint address) =>
        [.. Enumerable.Range(0, count).Select(i => _network.Near(30, address.WithPort((ushort)(1 + i))))];
}
