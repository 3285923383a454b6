using KadOrleans.Cli;

namespace KadOrleans.Tests.Cli;

public sealed class NodeLimitsTests
{
    private const long Gigabyte = 1L << 30;

    [Theory]
    [InlineData(16, 100, 10_000_000, 10_240_000_000, 64)]
    [InlineData(16, 3, 10_000_000, 1_073_741_824, 64)]
    [InlineData(1, 100, 4_276_545, 4_379_182_080, 64)]
    public void Quotas_follow_from_memory_and_disk(int memory, int disk, int keys, long bytes, int cache)
    {
        var (quota, cached) = new NodeLimits(memory * Gigabyte, disk * Gigabyte).Plan(null, null, null);

        Assert.Equal((keys, bytes, (long)cache << 20), (quota.TotalKeys, quota.TotalBytes, cached));
        Assert.Equal((keys / 10, keys / 5), (quota.KeysPerSource, quota.KeysPerSubnet));
    }

    [Fact]
    public void What_is_asked_for_is_what_is_allowed_and_without_a_folder_a_million_keys_where_memory_allows()
    {
        var (quota, cached) = new NodeLimits(16 * Gigabyte, 100 * Gigabyte).Plan(50_000_000, 7, 0);

        Assert.Equal((50_000_000, 7L, 0L), (quota.TotalKeys, quota.TotalBytes, cached));
        Assert.Equal(1_000_000, new NodeLimits(16 * Gigabyte, null).Plan(null, null, null).Quota.TotalKeys);
        Assert.Equal(131_072, new NodeLimits(Gigabyte / 8, null).Plan(null, null, null).Quota.TotalKeys);
    }

    [Fact]
    public void No_limit_may_exceed_what_memory_can_hold()
    {
        var limits = new NodeLimits(Gigabyte, 100 * Gigabyte);
        var most = limits.MostKeys(cache: 64 << 20);

        Assert.Equal(most, limits.Plan(most, null, 64 << 20).Quota.TotalKeys);
        Assert.Throws<CommandException>(() => limits.Plan(most + 1, null, 64 << 20));
        Assert.Equal(2_097_152, new NodeLimits(Gigabyte, null).MostKeys(cache: 0));
    }

    [Theory]
    [InlineData(20_000_000, null, "--max-keys is '20000000'; a node with 20000000 keys and a cache of 67108864 bytes needs 1561326592 bytes of memory, and this process may use 1073741824.")]
    [InlineData(null, 2_000_000_000L, "--cache is '2000000000'; a node with 1000 keys and a cache of 2000000000 bytes needs 2134285728 bytes of memory, and this process may use 1073741824.")]
    public void What_memory_cannot_hold_is_refused_with_what_it_needs(int? keys, long? cache, string sentence)
    {
        var refusal = Assert.Throws<CommandException>(() => new NodeLimits(Gigabyte, 100 * Gigabyte).Plan(keys, null, cache));
        Assert.Equal(sentence, refusal.Message);
    }
}
