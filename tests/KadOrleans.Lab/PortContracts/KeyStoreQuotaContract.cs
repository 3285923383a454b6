using KadOrleans.Core.Items;
using KadOrleans.Signatures;

namespace KadOrleans.Lab;

/// <summary>How every <see cref="IKeyStore"/> bounds what it takes.</summary>
public abstract class KeyStoreQuotaContract : KeyStoreContract
{
    private const int Fixed = StoredValue.FixedFootprint;

    [Fact]
    public async Task A_full_store_still_takes_replacements_that_fit()
    {
        await ReopenAsync(StoreQuota.Unlimited with { TotalKeys = 10, TotalBytes = 10 * (Fixed + 50) });
        var full = Enumerable.Range(0, 10).ToDictionary(StoredValues.Key, _ => StoredValues.Sized(50));
        await Store.PutAllAsync(full);

        var again = full.ToDictionary(entry => entry.Key, entry => entry.Value with { StoredAt = StoredValues.Now.AddHours(1) });
        Place.MoveTo(StoredValues.Now.AddHours(1));
        Assert.All(await Store.PutTogetherAsync(again), result => Assert.Equal(StoreResult.Stored, result));

        Assert.Equal(again, await Store.ReadAllAsync());
    }

    [Fact]
    public async Task A_burst_of_puts_stays_within_the_total()
    {
        await ReopenAsync(StoreQuota.Unlimited with { TotalKeys = 50 });
        var values = Enumerable.Range(0, 500).Select(i => KeyValuePair.Create(StoredValues.Key(i), StoredValues.Sized(i % 64))).ToList();

        var stored = values.Zip(await Store.PutFromManyThreadsAsync(values)).ToLookup(put => put.Second, put => put.First);

        Assert.Equal((50, 450), (stored[StoreResult.Stored].Count(), stored[StoreResult.TotalQuotaExceeded].Count()));
        Assert.Equal(50, (await Store.GetUsageAsync()).Keys);
        Assert.Equal(stored[StoreResult.Stored].ToDictionary(), await Store.ReadAllAsync());
    }

    [Fact]
    public async Task A_burst_of_puts_stays_within_the_share_of_its_source()
    {
        await ReopenAsync(StoreQuota.Unlimited with { BytesPerSource = 40 * (Fixed + 10) });
        var values = Enumerable.Range(0, 500).Select(i => KeyValuePair.Create(StoredValues.Key(i), StoredValues.Sized(10, StoredValues.Alice)));

        var results = await Store.PutTogetherAsync(values);

        Assert.Equal((40, 460), (results.Count(r => r == StoreResult.Stored), results.Count(r => r == StoreResult.SourceQuotaExceeded)));
        Assert.Equal(40, (await Store.GetUsageAsync()).Keys);
    }

    [Fact]
    public async Task An_owner_has_no_more_than_his_share_by_however_many_sources()
    {
        await ReopenAsync(StoreQuota.Unlimited with { KeysPerOwner = 5 });
        var results = new List<StoreResult>();
        for (var i = 0; i < 100; i++)
        {
            results.Add(await PutOwnedAsync(i, SignedItems.Owner, i));
        }

        Assert.Equal((5, 95), (results.Count(r => r == StoreResult.Stored), results.Count(r => r == StoreResult.OwnerQuotaExceeded)));
        Assert.Equal(StoreResult.Stored, await PutOwnedAsync(0, SignedItems.Stranger, 1));
        Assert.Equal(StoreResult.Stored, await PutOwnedAsync(1, SignedItems.Owner, 50));
        Assert.Equal(StoreResult.Stored, await PutOwnedAsync(1, SignedItems.Owner, 51, seq: 2));
        Assert.Equal(StoreResult.Stored, await PutOwnedAsync(99, SignedItems.Owner, source: null));
        Assert.Equal(StoreResult.OwnerQuotaExceeded, await PutOwnedAsync(6, SignedItems.Owner, 52));
        await Place.SettleAsync();
        Assert.Equal(7, (await Store.GetUsageAsync()).Keys);

        Assert.Equal(7, await Store.RemoveExpiredAsync(StoredValues.Expiry));
        Assert.Equal(StoreResult.Stored, await PutOwnedAsync(6, SignedItems.Owner, 52));
    }

    [Fact]
    public async Task A_burst_of_items_stays_within_the_share_of_their_owner()
    {
        await ReopenAsync(StoreQuota.Unlimited with { BytesPerOwner = 9 * OwnedFootprint });
        var results = await Task.WhenAll(Enumerable.Range(10, 60).Select(i => PutOwnedAsync(i, SignedItems.Owner, i)));

        Assert.Equal((9, 51), (results.Count(r => r == StoreResult.Stored), results.Count(r => r == StoreResult.OwnerQuotaExceeded)));
        Assert.Equal(9, (await Store.GetUsageAsync()).Keys);
    }

    /// <summary>Bytes that an item of <see cref="PutOwnedAsync"/> counts, with a salt of two digits.</summary>
    protected static int OwnedFootprint => Fixed + OwnedItem(10, SignedItems.Owner, 1).Envelope.Length;

    protected async Task<StoreResult> PutOwnedAsync(int salt, Ed25519KeyPair owner, int? source, long seq = 1)
    {
        var item = OwnedItem(salt, owner, seq);
        var sender = source is { } number ? SourceNetwork.Of(UdpEndpoint.Parse($"198.51.{number}.1:1")) : SourceNetwork.Trusted;
        return await Store.PutAsync(item.Key, StoredValues.Of(item.ToValue(), sender));
    }

    private static Item OwnedItem(int salt, Ed25519KeyPair owner, long seq) => SignedItems.Sign(seq, "i1e", $"{salt}", owner);

    [Fact]
    public async Task Ten_64s_of_one_60_fill_no_store_and_honest_and_own_values_stay()
    {
        await ReopenAsync(Share);
        await AssertOutlivesFloodAsync(Store, reopen: () => ValueTask.FromResult(Store));
    }

    /// <summary>A flood of one /60, then of twenty /48s, beside values of honest sources and of this node.</summary>
    internal static async Task AssertOutlivesFloodAsync(IKeyStore store, Func<ValueTask<IKeyStore>> reopen)
    {
        store.SetArea(Area);
        var honest = Range(0, 40, FarKey, i => $"198.51.{i}.1:1");
        var own = Range(100, 20, FarKey, _ => null);
        await store.PutAllAsync(honest.Concat(own));

        var flood = await store.PutTogetherAsync(Range(1_000, 600, FarKey, i => $"[2001:db8:0:{i % 10:x}::1]:1"));
        Assert.Equal(40, flood.Count(result => result == StoreResult.Stored));
        flood = await store.PutTogetherAsync(Range(2_000, 600, FarKey, i => $"[2001:db8:{1 + (i % 20):x}::1]:1"));
        Assert.Contains(StoreResult.FarQuotaExceeded, flood);

        store = await reopen();
        store.SetArea(Area);
        var later = Range(4_000, 4, FarKey, i => $"192.0.{i}.1:1");
        var near = Range(5_000, 60, NearKey, i => $"203.0.{i}.1:1");
        var mine = Range(6_000, 20, FarKey, _ => null);
        await store.PutAllAsync(later.Concat(near).Concat(mine));

        var held = await store.ReadAllAsync();
        Assert.All(honest.Concat(own).Concat(later).Concat(near).Concat(mine), entry => Assert.Contains(entry.Key, held.Keys));
        Assert.Equal(Share.TotalKeys, (await store.GetUsageAsync()).Keys);
        Assert.Equal(Share.TotalKeys, held.Count);
        Assert.Equal(held.Values.Sum(value => (long)value.Footprint), (await store.GetUsageAsync()).Bytes);
    }

    [Fact]
    public async Task Values_that_are_evicted_together_with_a_burst_of_puts_are_gone()
    {
        await ReopenAsync(StoreQuota.Unlimited with { TotalKeys = 20 });
        await Store.PutAllAsync(Range(0, 20, FarKey, _ => "198.51.100.1:1"));

        var own = Range(100, 20, FarKey, _ => null);
        Assert.All(await Store.PutTogetherAsync(own), result => Assert.Equal(StoreResult.Stored, result));

        Assert.Equal(own.ToDictionary(), await Store.ReadAllAsync());
    }

    /// <summary>A quota of 200 keys, 40 to a subnet, of which strangers' far values take 160.</summary>
    internal static StoreQuota Share { get; } =
        StoreQuota.Unlimited with { TotalKeys = 200, KeysPerSource = 20, KeysPerSubnet = 40, ReservePercent = 20 };

    private static ResponsibleArea Area { get; } = new(StoredValues.Key(0), 3);

    private static NodeId NearKey(int number) => KeyOf(number, isNear: true);

    private static NodeId FarKey(int number) => KeyOf(number, isNear: false);

    private static NodeId KeyOf(int number, bool isNear)
    {
        var key = StoredValues.Key(number);
        while (Area.Contains(key) != isNear)
        {
            key = NodeId.FromKey(key.ToByteArray());
        }

        return key;
    }

    private static List<KeyValuePair<NodeId, StoredValue>> Range(int first, int count, Func<int, NodeId> keyOf, Func<int, string?> sourceOf) =>
        [.. Enumerable.Range(0, count).Select(i => KeyValuePair.Create(
            keyOf(first + i),
            StoredValues.Sized(2, sourceOf(i) is { } source ? SourceNetwork.Of(UdpEndpoint.Parse(source)) : default)))];
}
