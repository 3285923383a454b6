using KadOrleans.Core.Lookups;
using KadOrleans.Core.Values;
using KadOrleans.Simulation;

namespace KadOrleans.Core.Tests.Lookups;

public sealed class CopyPlaceTests
{
    private static readonly KademliaOptions Options = new() { BucketSize = 4, LookupConcurrency = 2, DisjointPaths = 1 };
    private readonly NodeId _target;
    private readonly Contact[] _contacts;
    private readonly Lookup _lookup;

    public CopyPlaceTests()
    {
        var random = new SeededRandomSource(8);
        _target = NodeId.Random(random);
        _contacts = [.. Enumerable.Range(1, 8)
            .Select(i => new Contact(NodeId.Random(random), UdpEndpoint.FromIPv4(0x0B000001 + ((uint)i << 8), 8468)))
            .OrderBy(c => c.Id.DistanceTo(_target))];
        _lookup = new Lookup(NodeId.Random(random), _target, LookupKind.Value, _contacts.AsSpan(5, 2), Options);
        while (_lookup.TryNext(out _))
        {
        }
    }

    [Fact]
    public void A_contact_with_k_nearer_ones_heard_of_is_no_holder()
    {
        _lookup.OnNodes(_contacts[5], _contacts.AsSpan(0, 4));
        _lookup.OnUnresponsive(_contacts[6]);
        Assert.True(_lookup.TryNext(out _));
        _lookup.OnValue(_contacts[6], DhtValue.FromInteger(1));

        Assert.Equal(_contacts[5], _lookup.GetOutcome().CacheAt);
        Assert.False(_lookup.GetOutcome().CacheBelongs);
    }

    [Fact]
    public void A_contact_with_fewer_than_k_nearer_responsive_ones_is_a_holder()
    {
        _lookup.OnNodes(_contacts[5], _contacts.AsSpan(0, 4));
        _lookup.OnUnresponsive(_contacts[6]);
        Assert.True(_lookup.TryNext(out var nearest));
        _lookup.OnFailed(nearest);
        _lookup.OnValue(_contacts[6], DhtValue.FromInteger(1));

        Assert.Equal(_contacts[5], _lookup.GetOutcome().CacheAt);
        Assert.True(_lookup.GetOutcome().CacheBelongs);
    }
}
