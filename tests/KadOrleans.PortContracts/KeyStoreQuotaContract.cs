using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;

namespace KadOrleans.PortContracts;

/// <summary>How every <see cref="IKeyStore"/> bounds what it takes.</summary>
public abstract class KeyStoreQuotaContract
{
    private const int Fixed = StoredValue.FixedFootprint;

    protected abstract KeyStoreHost CreateHost();

    [Fact]
    public async Task A_source_gets_its_share_of_keys_and_no_more()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync(StoreQuota.Unlimited with { KeysPerSource = 2 });

        Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(1), StoredValues.Sized(1, StoredValues.Alice)));
        Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(2), StoredValues.Sized(1, StoredValues.Alice)));
        Assert.Equal(StoreResult.SourceQuotaExceeded, await store.PutAsync(StoredValues.Key(3), StoredValues.Sized(1, StoredValues.Alice)));

        Assert.Null(await store.GetAsync(StoredValues.Key(3), StoredValues.Now));
        Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(3), StoredValues.Sized(1, StoredValues.Bob)));
        Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(2), StoredValues.Sized(9, StoredValues.Alice)));
    }

    [Fact]
    public async Task A_source_gets_its_share_of_bytes_to_the_byte()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync(StoreQuota.Unlimited with { BytesPerSource = (2 * Fixed) + 100 });
        await store.PutAsync(StoredValues.Key(1), StoredValues.Sized(60, StoredValues.Alice));

        Assert.Equal(StoreResult.SourceQuotaExceeded, await store.PutAsync(StoredValues.Key(2), StoredValues.Sized(41, StoredValues.Alice)));
        Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(2), StoredValues.Sized(40, StoredValues.Alice)));
        Assert.Equal(StoreResult.SourceQuotaExceeded, await store.PutAsync(StoredValues.Key(1), StoredValues.Sized(61, StoredValues.Alice)));

        Assert.Equal(60, (await store.GetAsync(StoredValues.Key(1), StoredValues.Now))?.Value.ContentLength);
    }

    [Fact]
    public async Task A_key_taken_over_counts_against_its_new_source()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync(StoreQuota.Unlimited with { KeysPerSource = 1 });
        await store.PutAsync(StoredValues.Key(1), StoredValues.Sized(1, StoredValues.Alice));
        await store.PutAsync(StoredValues.Key(2), StoredValues.Sized(1, StoredValues.Bob));

        Assert.Equal(StoreResult.SourceQuotaExceeded, await store.PutAsync(StoredValues.Key(1), StoredValues.Sized(2, StoredValues.Bob)));
        Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(1), StoredValues.Sized(2, SourceNetwork.Trusted)));
        Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(3), StoredValues.Sized(1, StoredValues.Alice)));
    }

    [Fact]
    public async Task The_total_of_keys_and_bytes_binds_trusted_sources_too()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync(StoreQuota.Unlimited with { TotalKeys = 2, TotalBytes = (2 * Fixed) + 10 });
        await store.PutAsync(StoredValues.Key(1), StoredValues.Sized(4));

        Assert.Equal(StoreResult.TotalQuotaExceeded, await store.PutAsync(StoredValues.Key(2), StoredValues.Sized(7)));
        Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(2), StoredValues.Sized(6)));
        Assert.Equal(StoreResult.TotalQuotaExceeded, await store.PutAsync(StoredValues.Key(3), StoredValues.Sized(0)));

        Assert.Equal(new KeyStoreUsage(2, (2 * Fixed) + 10), await store.GetUsageAsync());
    }

    [Fact]
    public async Task A_full_store_still_takes_replacements_that_fit()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync(StoreQuota.Unlimited with { TotalKeys = 10, TotalBytes = 10 * (Fixed + 50) });
        var full = Enumerable.Range(0, 10).ToDictionary(StoredValues.Key, _ => StoredValues.Sized(50));
        await store.PutAllAsync(full);

        var again = full.ToDictionary(entry => entry.Key, entry => entry.Value with { StoredAt = StoredValues.Now.AddHours(1) });
        Assert.All(await store.PutTogetherAsync(again), result => Assert.Equal(StoreResult.Stored, result));

        Assert.Equal(again, await store.ReadAllAsync());
    }

    [Fact]
    public async Task Removing_expired_keys_makes_room()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync(StoreQuota.Unlimited with { TotalKeys = 1 });
        await store.PutAsync(StoredValues.Key(1), StoredValues.ExpiringAt(StoredValues.Now));
        Assert.Equal(StoreResult.TotalQuotaExceeded, await store.PutAsync(StoredValues.Key(2), StoredValues.Sized(1)));

        await store.RemoveExpiredAsync(StoredValues.Now);

        Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(2), StoredValues.Sized(1)));
    }

    [Fact]
    public async Task A_burst_of_puts_stays_within_the_total()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync(StoreQuota.Unlimited with { TotalKeys = 50 });
        var results = await store.PutFromManyThreadsAsync(
            Enumerable.Range(0, 500).Select(i => KeyValuePair.Create(StoredValues.Key(i), StoredValues.Sized(i % 64))));

        await AssertHeldAsync(store, results, 50, StoreResult.TotalQuotaExceeded);
    }

    [Fact]
    public async Task A_burst_of_puts_stays_within_the_share_of_its_source()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync(StoreQuota.Unlimited with { BytesPerSource = 40 * (Fixed + 10) });
        var results = await store.PutTogetherAsync(
            Enumerable.Range(0, 500).Select(i => KeyValuePair.Create(StoredValues.Key(i), StoredValues.Sized(10, StoredValues.Alice))));

        await AssertHeldAsync(store, results, 40, StoreResult.SourceQuotaExceeded);
    }

    private static async Task AssertHeldAsync(IKeyStore store, StoreResult[] results, int expected, StoreResult otherwise)
    {
        Assert.Equal(expected, results.Count(result => result == StoreResult.Stored));
        Assert.Equal(results.Length - expected, results.Count(result => result == otherwise));
        Assert.Equal(expected, (await store.GetUsageAsync()).Keys);
        Assert.Equal(
            Enumerable.Range(0, results.Length).Where(i => results[i] == StoreResult.Stored).Select(StoredValues.Key).ToHashSet(),
            (await store.ReadAllAsync()).Keys.ToHashSet());
    }
}
