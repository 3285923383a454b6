using KadOrleans.Core.Items;

namespace KadOrleans.Tests.Core;

/// <summary>Whose signatures are verified while many do not hold.</summary>
public sealed class ItemCheckBudgetTests
{
    private static readonly DateTimeOffset Now = StoredValues.Now;

    private readonly ItemCheckBudget _budget = new(Now);

    [Fact]
    public void Whose_last_item_was_valid_is_heard_though_its_subnet_has_nothing_left_until_one_of_its_own_fails()
    {
        var (valid, other) = (Source(0, 1), Source(0, 2));
        _budget.Record(valid, isValid: true, Now);
        SpendSubnet(0);
        Assert.Equal((null, StoreResult.InvalidItem), (_budget.FindRefusal(valid, Now), _budget.FindRefusal(other, Now)));
        Assert.Null(_budget.FindRefusal(Source(1, 1), Now));

        _budget.Record(valid, isValid: false, Now);
        Assert.Equal(StoreResult.InvalidItem, _budget.FindRefusal(valid, Now));
        _budget.Record(valid, isValid: true, Now);
        Assert.Null(_budget.FindRefusal(valid, Now));
    }

    [Fact]
    public void Of_those_whose_last_item_was_valid_the_latest_half_at_least_are_known_and_no_more_than_there_is_room_for()
    {
        _budget.Record(Source(0, 1), isValid: true, Now);
        SpendSubnet(0);
        RememberOthers(0, (ItemCheckBudget.MaxKnown / 2) - 1);
        Assert.Null(_budget.FindRefusal(Source(0, 1), Now));

        // Each once, however many items it sends.
        for (var i = 0; i < ItemCheckBudget.MaxKnown; i++)
        {
            RememberOthers(0, 1);
        }

        Assert.Null(_budget.FindRefusal(Source(0, 1), Now));
        RememberOthers(ItemCheckBudget.MaxKnown, ItemCheckBudget.MaxKnown);
        Assert.Equal(StoreResult.InvalidItem, _budget.FindRefusal(Source(0, 1), Now));
    }

    [Fact]
    public void A_failed_check_is_charged_to_those_without_one_lately_or_to_those_with_one()
    {
        var (clean, failed) = ((int)ItemCheckBudget.OfClean.Burst, (int)ItemCheckBudget.OfKnownToFail.Burst);
        _budget.Record(Source(0, 1), isValid: true, Now);
        AssertRefused(clean: null, failed: null);
        FailEach(1, clean - 1);
        AssertRefused(clean: null, failed: null);
        FailEach(clean, 1);
        AssertRefused(StoreResult.Busy, failed: null);
        FailEach(1, failed - 1);
        AssertRefused(StoreResult.Busy, failed: null);
        FailEach(failed, 1);
        AssertRefused(StoreResult.Busy, StoreResult.Busy);

        // One more of each when the next is due.
        AssertRefused(null, StoreResult.Busy, Now.AddSeconds(1 / ItemCheckBudget.OfClean.PerSecond));
        AssertRefused(null, null, Now.AddSeconds(1 / ItemCheckBudget.OfKnownToFail.PerSecond));

        void AssertRefused(StoreResult? clean, StoreResult? failed, DateTimeOffset? at = null) => Assert.Equal(
            (clean, failed, null, null),
            (_budget.FindRefusal(Source(60_000, 1), at ?? Now), _budget.FindRefusal(Source(1, 1), at ?? Now),
                _budget.FindRefusal(Source(0, 1), at ?? Now), _budget.FindRefusal(SourceNetwork.Trusted, at ?? Now)));
    }

    // One of each subnet, which has had one at most before.
    private void FailEach(int first, int count)
    {
        for (var i = 0; i < count; i++)
        {
            _budget.Record(Source(first + i, 1), isValid: false, Now);
        }
    }

    private void SpendSubnet(int subnet)
    {
        for (var i = 0; i < ItemCheckBudget.PerSubnet.Burst; i++)
        {
            _budget.Record(Source(subnet, 100 + i), isValid: false, Now);
        }
    }

    private void RememberOthers(int first, int count)
    {
        for (var i = 0; i < count; i++)
        {
            _budget.Record(Source(1 + first + i, 1), isValid: true, Now);
        }
    }

    private static SourceNetwork Source(int subnet, int host) => SourceNetwork.Of(UdpEndpoint.FromIPv4(0x0B00_0000 + ((uint)subnet << 8) + (uint)host, 1));
}
