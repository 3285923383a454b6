using KadOrleans.Core.Items;

namespace KadOrleans.Tests.Core;

/// <summary>How a lookup takes signed items: by their numbers, without a vote.</summary>
public sealed class ItemLookupTests
{
    private readonly LookupNetwork _network = new(seed: 6, contacts: 20)
    {
        Options = new KademliaOptions { BucketSize = 20, DisjointPaths = 1 },
    };

    private Contact[] Contacts => _network.Contacts;

    [Fact]
    public void One_holder_of_the_newest_is_enough_and_all_of_the_k_nearest_are_asked()
    {
        var (old, newest) = (SignedItems.Sign(4, "3:old"), SignedItems.Sign(5, "3:new"));
        var outcome = Run(place => place == 19 ? newest : place % 2 == 0 ? old : null);

        Assert.Equal((newest.ToValue(), newest), (outcome.Value, outcome.Item?.Item));
        Assert.Equal((20, 1, 10), (outcome.Asked, outcome.Agreed, outcome.Differed));
        Assert.Equal((Contacts[19], Contacts[0], TerminationReason.ValueFound), (outcome.Holder, outcome.CacheAt, outcome.Reason));
    }

    [Fact]
    public void An_item_is_taken_before_what_nobody_signed_however_many_have_that()
    {
        var item = SignedItems.Sign(0, "4:true");
        var lookup = _network.Start(LookupKind.Value, Contacts, new LookupPolicy { AsksAllHolders = true });
        LookupNetwork.Run(lookup, contact =>
        {
            if (contact == Contacts[7])
            {
                lookup.OnValue(contact, item.ToValue(), TimeSpan.FromHours(3), SignedItems.Check(item));
            }
            else
            {
                lookup.OnValue(contact, DhtValue.FromString("lie"), TimeSpan.FromDays(3));
            }
        });

        var outcome = lookup.GetOutcome();
        Assert.Equal((item.ToValue(), TimeSpan.FromHours(3), Contacts[0]), (outcome.Value, outcome.ValueLife, outcome.CacheAt));
    }

    // Anybody can make it where the key is that of a text.
    [Theory]
    [InlineData(9, false)]
    [InlineData(11, true)]
    public void An_item_without_an_owner_has_a_vote_as_any_value(int holders, bool isFound)
    {
        var (item, text) = (SignedItems.Immutable("3:abc"), DhtValue.FromString("text"));
        var lookup = _network.Start(LookupKind.Value, Contacts, new LookupPolicy { AsksAllHolders = true });
        LookupNetwork.Run(lookup, contact =>
        {
            var isHolder = Array.IndexOf(Contacts, contact) < holders;
            lookup.OnValue(contact, isHolder ? item.ToValue() : text, life: null, isHolder ? SignedItems.Check(item) : null);
        });

        var outcome = lookup.GetOutcome();
        Assert.Equal((isFound ? item.ToValue() : text, 20), (outcome.Value, outcome.Agreed + outcome.Differed));
        Assert.Null(outcome.Item);
    }

    [Fact]
    public void Of_two_values_with_one_number_all_readers_take_the_lower_one()
    {
        var (lower, higher) = (SignedItems.Sign(5, "1:a"), SignedItems.Sign(5, "1:b"));
        Assert.Equal(lower.ToValue(), Run(place => place == 3 ? lower : higher).Value);
        Assert.Equal(lower.ToValue(), Run(place => place == 3 ? higher : lower).Value);
    }

    [Fact]
    public void An_end_is_the_newest_as_any_other()
    {
        var end = SignedItems.Sign(6, "0:");
        Assert.Equal(end, Run(place => place == 11 ? end : SignedItems.Sign(5, "1:a")).Item?.Item);
    }

    private LookupOutcome Run(Func<int, Item?> itemAt)
    {
        var lookup = _network.Start(LookupKind.Value, Contacts);
        LookupNetwork.Run(lookup, contact =>
        {
            if (itemAt(Array.IndexOf(Contacts, contact)) is { } item)
            {
                lookup.OnValue(contact, item.ToValue(), life: null, SignedItems.Check(item));
            }
            else
            {
                lookup.OnNodes(contact, []);
            }
        });
        return lookup.GetOutcome();
    }
}
