using KadOrleans.Core.Routing;
using KadOrleans.Simulation;

namespace KadOrleans.Core.Tests.Routing;

public sealed class AnswerFamilyTests
{
    private readonly SeededRandomSource _random = new(4);

    [Fact]
    public void An_asker_is_told_only_of_contacts_it_can_reach()
    {
        var four = Contacts("192.0.2.1", "192.0.2.2");
        var six = Contacts("[2001:db8::1]", "[2001:db8::2]");
        var snapshot = new RoutingTableSnapshot(NodeId.MinValue, 1, [.. four, .. six]);

        Assert.Equal(four.ToHashSet(), Answer(snapshot, "198.51.100.1:1"));
        Assert.Equal(four.Concat(six).ToHashSet(), Answer(snapshot, "[2001:db8::9]:1"));
    }

    [Fact]
    public void Contacts_of_our_own_host_or_link_are_told_only_to_who_shares_it()
    {
        var loopback = Contacts("127.0.0.1", "127.0.0.2");
        var link = Contacts("169.254.1.1");
        var others = Contacts("192.0.2.1", "10.0.0.1");
        var snapshot = new RoutingTableSnapshot(NodeId.MinValue, 1, [.. loopback, .. link, .. others]);

        Assert.Equal(others.ToHashSet(), Answer(snapshot, "192.0.2.9:1"));
        Assert.Equal(others.ToHashSet(), Answer(snapshot, "10.0.0.9:1"));
        Assert.Equal(link.Concat(others).ToHashSet(), Answer(snapshot, "169.254.1.9:1"));
        Assert.Equal(loopback.Concat(link).Concat(others).ToHashSet(), Answer(snapshot, "127.0.0.1:1"));
    }

    private Contact[] Contacts(params string[] addresses) =>
        [.. addresses.Select(a => new Contact(NodeId.Random(_random), UdpEndpoint.Parse($"{a}:8468")))];

    private static HashSet<Contact> Answer(RoutingTableSnapshot snapshot, string asker)
    {
        var found = new Contact[20];
        return [.. found[..snapshot.FindClosest(NodeId.MaxValue, found, UdpEndpoint.Parse(asker))]];
    }
}
