namespace KadOrleans.Tests.Core;

public sealed class QuotaOptionTests
{
    public static TheoryData<string> Names => new(QuotaOption.All.Select(option => option.Name));

    [Fact]
    public void Each_quota_has_bounds_and_is_a_limit()
    {
        Assert.Equal(
            typeof(StoreQuota).GetProperties().Where(property => property.SetMethod is { IsPublic: true }).Select(property => property.Name),
            QuotaOption.All.Select(option => option.Name));
        Assert.All(QuotaOption.All, option => Assert.NotNull(option.Bounds));
        Assert.All(QuotaOption.All, option => Assert.NotNull(Limit.Find(option.Name)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_change_of_one_changes_no_other_and_not_the_quota_that_it_began_with(string name)
    {
        var option = QuotaOption.All.Single(option => option.Name == name);
        var quota = new StoreQuota();
        var changed = option.Change(quota, 7);

        Assert.Equal(7, option.Read(changed));
        Assert.Equal(new StoreQuota(), quota);
        Assert.Equal(quota, option.Change(changed, option.Read(quota)));
    }

    [Fact]
    public void Without_bounds_no_store_is_full_and_nothing_is_reserved() => Assert.All(
        QuotaOption.All,
        option => Assert.Equal(option.Name == nameof(StoreQuota.ReservePercent) ? 0 : (long)option.Bounds.Most, option.Read(StoreQuota.Unlimited)));
}
