using KadOrleans.Core.Admission;
using KadOrleans.Core.Lookups;

namespace KadOrleans.Core.Tests.Lookups;

public sealed class LookupDiversityTests
{
    private readonly LookupNetwork _network = new(seed: 14, contacts: 12);

    private Contact[] Contacts => _network.Contacts;

    [Fact]
    public void Of_one_network_one_contact_is_asked_and_returned()
    {
        var sybils = Sybils(20, UdpEndpoint.Parse("12.1.1.1:1"));
        var lookup = _network.Start(LookupKind.Node, [.. sybils, .. Contacts]);

        LookupNetwork.Run(lookup, contact => lookup.OnNodes(contact, sybils));

        var outcome = lookup.GetOutcome();
        Assert.Equal(LookupNetwork.BucketSize, outcome.Closest.Count);
        Assert.Single(outcome.AnsweredContacts, sybils.Contains);
        Assert.Equal(Contacts[..(LookupNetwork.BucketSize - 1)], outcome.Closest.Where(Contacts.Contains));
    }

    [Fact]
    public void An_IPv6_network_is_a_slash_48()
    {
        var sybils = Sybils(1, UdpEndpoint.Parse("[2600:1:2:3::1]:1")).Concat(Sybils(1, UdpEndpoint.Parse("[2600:1:2:4::1]:1"))).ToArray();
        var lookup = _network.Start(LookupKind.Node, [.. sybils, .. Contacts]);

        LookupNetwork.Run(lookup, contact => lookup.OnNodes(contact, []));

        Assert.Single(lookup.GetOutcome().Closest, sybils.Contains);
    }

    [Fact]
    public void Two_are_taken_where_there_are_too_few_others()
    {
        var sybils = Sybils(5, UdpEndpoint.Parse("12.1.1.1:1"));
        var lookup = _network.Start(LookupKind.Node, [.. sybils, .. Contacts[..3]]);

        LookupNetwork.Run(lookup, contact => lookup.OnNodes(contact, []));

        Assert.Equal(5, lookup.GetOutcome().Closest.Count);
        Assert.Equal(2, lookup.GetOutcome().Closest.Count(sybils.Contains));
    }

    [Fact]
    public void One_that_is_silent_leaves_its_place_to_another_of_its_network()
    {
        var sybils = Sybils(2, UdpEndpoint.Parse("12.1.1.1:1"));
        var lookup = _network.Start(LookupKind.Node, [.. sybils, .. Contacts]);
        var first = Assert.Single(LookupNetwork.TakeAll(lookup), sybils.Contains);

        lookup.OnFailed(first);

        Assert.Contains(sybils.Single(c => c != first), LookupNetwork.TakeAll(lookup));
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

        LookupNetwork.Run(lookup, contact => lookup.OnNodes(contact, []));

        Assert.Equal(LookupNetwork.BucketSize, lookup.GetOutcome().Closest.Count);
    }

    /// <summary>Ports of one address, all nearer to the target than anybody else.</summary>
    private Contact[] Sybils(int count, UdpEndpoint address) =>
        [.. Enumerable.Range(0, count).Select(i => _network.Near(30, address.WithPort((ushort)(1 + i))))];
}
