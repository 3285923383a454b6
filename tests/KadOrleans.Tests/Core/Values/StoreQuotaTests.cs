namespace KadOrleans.Tests.Core;

public sealed class StoreQuotaTests
{
    [Theory]
    [InlineData(100, 20)]
    [InlineData(999, 199)]
    [InlineData(1_000, long.MaxValue)]
    [InlineData(1_001, long.MaxValue)]
    public void Near_keys_of_a_subnet_displace_anybodys_far_ones_up_to_its_part_of_the_reserve(int limit, long near)
    {
        var quota = new StoreQuota { TotalKeys = 1_000, TotalBytes = 1_000, KeysPerSubnet = limit, BytesPerSubnet = limit, ReservePercent = 20 };

        Assert.Equal((near, near), (quota.NearKeysPerSubnet, quota.NearBytesPerSubnet));
        Assert.Equal((800, 800), (quota.FarKeys, quota.FarBytes));
    }

    [Fact]
    public void Parts_of_the_largest_quota_do_not_overflow()
    {
        var quota = new StoreQuota { TotalBytes = long.MaxValue, BytesPerSubnet = long.MaxValue - 1, ReservePercent = 90 };

        Assert.Equal((long)((Int128)(long.MaxValue - 1) * 90 / 100), quota.NearBytesPerSubnet);
        Assert.Equal(long.MaxValue - (long)((Int128)long.MaxValue * 90 / 100), quota.FarBytes);
    }
}
