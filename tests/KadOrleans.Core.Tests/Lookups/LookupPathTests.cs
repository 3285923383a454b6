using KadOrleans.Core.Lookups;

namespace KadOrleans.Core.Tests.Lookups;

public sealed class LookupPathTests
{
    private readonly LookupNetwork _network = new(seed: 12, contacts: 30)
    {
        Options = new KademliaOptions { BucketSize = LookupNetwork.BucketSize, DisjointPaths = 3 },
    };

    private Contact[] Contacts => _network.Contacts;

    [Fact]
    public void Each_path_asks_one_of_the_nearest_first()
    {
        var lookup = _network.Start(LookupKind.Node, Contacts[10..20]);

        Assert.Equal(Contacts[10..13], LookupNetwork.TakeAll(lookup));
    }

    [Fact]
    public void No_contact_is_asked_twice_and_the_k_nearest_are_found()
    {
        var lookup = _network.Start(LookupKind.Node, Contacts[20..]);
        var asked = new HashSet<Contact>();

        LookupNetwork.Run(lookup, contact =>
        {
            Assert.True(asked.Add(contact));
            lookup.OnNodes(contact, Contacts.AsSpan(0, LookupNetwork.BucketSize));
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
            if (liars.Contains(contact))
            {
                var named = Enumerable.Range(0, LookupNetwork.BucketSize).Select(_ => _network.Near(bits++ % 140)).ToArray();
                liars.UnionWith(named);
                lookup.OnNodes(contact, named);
            }
            else
            {
                lookup.OnNodes(contact, Contacts.AsSpan(0, LookupNetwork.BucketSize));
            }
        });

        Assert.Contains(Contacts[0], lookup.GetOutcome().Closest);
        Assert.InRange(lookup.GetOutcome().Asked, 1, Lookup.MaxRequests);
    }

    [Fact]
    public void A_path_whose_contacts_all_fail_goes_on_from_unused_ones_of_the_others()
    {
        var lookup = _network.Start(LookupKind.Node, Contacts[..9]);
        var first = LookupNetwork.TakeAll(lookup);
        Assert.Equal(Contacts[..3], first);

        // The first path has the first, fourth and seventh.
        lookup.OnFailed(Contacts[0]);
        Assert.Equal([Contacts[3]], LookupNetwork.TakeAll(lookup));
        lookup.OnFailed(Contacts[3]);
        Assert.Equal([Contacts[6]], LookupNetwork.TakeAll(lookup));
        lookup.OnFailed(Contacts[6]);

        Assert.Equal([Contacts[4]], LookupNetwork.TakeAll(lookup));
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
