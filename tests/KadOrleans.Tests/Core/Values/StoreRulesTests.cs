namespace KadOrleans.Tests.Core;

public sealed class StoreRulesTests
{
    [Fact]
    public void The_sender_of_a_put_is_told_nothing_where_it_may_offer_the_value_again() => Assert.Equal(
        [StoreResult.StorageFailed, StoreResult.Busy, StoreResult.Late, StoreResult.Overtaken],
        Enum.GetValues<StoreResult>().Where(result => result.IsUndecided()));
}
