namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class SiloLimitsTests
{
    private const long Gigabyte = 1L << 30;

    [Theory]
    [InlineData(16, 100, 10_000_000, 10_240_000_000)]
    [InlineData(16, 3, 10_000_000, 536_870_912)]
    [InlineData(1, 100, 1_809_307, 1_852_730_368)]
    public void Quotas_follow_from_memory_and_disk(int memory, int disk, int keys, long bytes)
    {
        var options = new KadClusterOptions { Cache = 64 << 20 };
        new SiloLimits(memory * Gigabyte, disk * Gigabyte).Apply(options, hasQuota: false);

        Assert.Equal((keys, bytes), (options.Quota.TotalKeys, options.Quota.TotalBytes));
    }

    [Fact]
    public void A_quota_of_the_configuration_stays()
    {
        var options = new KadClusterOptions { Cache = 0, Quota = StoreQuota.OfTotal(5_000, 7) };
        new SiloLimits(Gigabyte, 100 * Gigabyte).Apply(options, hasQuota: true);

        Assert.Equal((5_000, 7L), (options.Quota.TotalKeys, options.Quota.TotalBytes));
    }

    [Theory]
    [InlineData(20_000_000, 0L, "Kad:Cluster:Quota:TotalKeys is 20000000; a silo with 40000000 keys, twice the quota, and a cache of 0 bytes needs 2988435456 bytes of memory, and this process may use 1073741824.")]
    [InlineData(null, 2_000_000_000L, "Kad:Cluster:Cache is 2000000000; a silo with 2000 keys, twice the quota, and a cache of 2000000000 bytes needs 2268571456 bytes of memory, and this process may use 1073741824.")]
    public void What_memory_cannot_hold_is_refused_with_what_it_needs(int? keys, long cache, string sentence)
    {
        var options = new KadClusterOptions { Cache = cache };
        if (keys is { } total)
        {
            options.Quota = StoreQuota.OfTotal(total, 1_000_000);
        }

        var refusal = Assert.Throws<OptionsValidationException>(
            () => new SiloLimits(Gigabyte, 100 * Gigabyte).Apply(options, hasQuota: keys is not null));
        Assert.Equal(sentence, refusal.Message);
    }
}
