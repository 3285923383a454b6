using Microsoft.Extensions.Configuration;

namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class SiloLimitsTests
{
    private const long Gigabyte = 1L << 30;

    [Theory]
    [InlineData(16, 100, 10_000_000, 10_240_000_000)]
    [InlineData(16, 3, 10_000_000, 536_870_912)]
    [InlineData(1, 100, 1_809_307, 1_852_730_368)]
    public void Quotas_follow_from_memory_and_disk(int memory, int disk, int keys, long bytes) =>
        Assert.Equal(StoreQuota.OfTotal(keys, bytes), Bind(memory, disk, "Cache=67108864").Quota);

    [Fact]
    public void A_total_of_the_configuration_stays_and_one_that_is_not_set_follows_from_memory_and_disk()
    {
        Assert.Equal(StoreQuota.OfTotal(5_000, 7), Bind(1, 100, "Cache=0", "Quota:TotalKeys=5000", "Quota:TotalBytes=7").Quota);
        Assert.Equal(StoreQuota.OfTotal(5_000, 5_000 << 10), Bind(1, 100, "Cache=0", "Quota:TotalKeys=5000").Quota);
        Assert.Equal(StoreQuota.OfTotal(1_809_307, 7), Bind(1, 100, "Cache=67108864", "Quota:TotalBytes=7").Quota);
    }

    [Fact]
    public void A_part_of_the_configuration_replaces_no_total_and_no_other_part() => Assert.Equal(
        StoreQuota.OfTotal(1_809_307, 1_852_730_368) with { KeysPerOwner = 7 }, Bind(1, 100, "Cache=67108864", "Quota:KeysPerOwner=7").Quota);

    [Theory]
    [InlineData(20_000_000, 0L, "Kad:Cluster:Quota:TotalKeys is 20000000; a silo with 40000000 keys, twice the quota, and a cache of 0 bytes needs 2988435456 bytes of memory, and this process may use 1073741824.")]
    [InlineData(null, 2_000_000_000L, "Kad:Cluster:Cache is 2000000000; a silo with 2000 keys, twice the quota, and a cache of 2000000000 bytes needs 2268571456 bytes of memory, and this process may use 1073741824.")]
    public void What_memory_cannot_hold_is_refused_with_what_it_needs(int? keys, long cache, string sentence)
    {
        string[] quota = keys is null ? [] : [$"Quota:TotalKeys={keys}", "Quota:TotalBytes=1000000"];
        var refusal = Assert.Throws<OptionsValidationException>(() => Bind(1, 100, [$"Cache={cache}", .. quota]));
        Assert.Equal(sentence, refusal.Message);
    }

    private static KadClusterOptions Bind(int memory, int disk, params string[] settings)
    {
        var options = new KadClusterOptions();
        var configuration = new ConfigurationBuilder().AddCommandLine([.. settings.Select(setting => $"Kad:Cluster:{setting}")]).Build();
        SiloHost.Bind(configuration, options, new SiloLimits(memory * Gigabyte, disk * Gigabyte));
        return options;
    }
}
