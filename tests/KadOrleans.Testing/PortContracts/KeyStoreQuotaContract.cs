namespace KadOrleans.Testing;

/// <summary>How every <see cref="IKeyStore"/> bounds what it takes.</summary>
public abstract class KeyStoreQuotaContract : KeyStoreSuite
{
    private const int Fixed = StoredValue.FixedFootprint;

    // Each test opens the store with a quota of its own.
    public override ValueTask InitializeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_full_store_still_takes_replacements_that_fit()
    {
        await OpenAsync(StoreQuota.Unlimited with { TotalKeys = 10, TotalBytes = 10 * (Fixed + 50) });
        var full = Enumerable.Range(0, 10).ToDictionary(StoredValues.Key, _ => StoredValues.Sized(50));
        await Store.PutAllAsync(full);

        var again = full.ToDictionary(entry => entry.Key, entry => entry.Value with { StoredAt = StoredValues.Now.AddHours(1) });
        Host.MoveTo(StoredValues.Now.AddHours(1));
        Assert.All(await Store.PutTogetherAsync(again), result => Assert.Equal(StoreResult.Stored, result));

        Assert.Equal(again, await Store.ReadAllAsync());
    }

    [Fact]
    public async Task A_burst_of_puts_stays_within_the_total()
    {
        await OpenAsync(StoreQuota.Unlimited with { TotalKeys = 50 });
        var results = await Store.PutFromManyThreadsAsync(
            Enumerable.Range(0, 500).Select(i => KeyValuePair.Create(StoredValues.Key(i), StoredValues.Sized(i % 64))));

        await AssertHeldAsync(Store, results, 50, StoreResult.TotalQuotaExceeded);
    }

    [Fact]
    public async Task A_burst_of_puts_stays_within_the_share_of_its_source()
    {
        await OpenAsync(StoreQuota.Unlimited with { BytesPerSource = 40 * (Fixed + 10) });
        var results = await Store.PutTogetherAsync(
            Enumerable.Range(0, 500).Select(i => KeyValuePair.Create(StoredValues.Key(i), StoredValues.Sized(10, StoredValues.Alice))));

        await AssertHeldAsync(Store, results, 40, StoreResult.SourceQuotaExceeded);
    }

    [Fact]
    public async Task Ten_64s_of_one_60_fill_no_store_and_honest_and_own_values_stay()
    {
        await OpenAsync(Share);
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
        await OpenAsync(StoreQuota.Unlimited with { TotalKeys = 20 });
        await Store.PutAllAsync(Range(0, 20, FarKey, _ => "198.51.100.1:1"));

        var own = Range(100, 20, FarKey, _ => null);
        Assert.All(await Store.PutTogetherAsync(own), result => Assert.Equal(StoreResult.Stored, result));

        Assert.Equal(own.ToDictionary(), await Store.ReadAllAsync());
    }

    [Fact]
    public async Task Others_lengthen_a_life_only_as_often_as_they_may_change_values()
    {
        await OpenAsync(StoreQuota.Unlimited with { ChangesPerSource = 5 });
        var values = Heartbeats(20, 1, TimeSpan.FromHours(1));
        await Store.PutAllAsync(values, PutKind.Copy);

        var renewals = new List<StoreResult>();
        foreach (var (key, value) in values)
        {
            renewals.Add(await Store.PutAsync(key, value with { Source = StoredValues.Bob, ExpiresAt = StoredValues.Expiry }));
        }

        Assert.Equal([.. Enumerable.Repeat(StoreResult.Stored, 5), .. Enumerable.Repeat(StoreResult.ChangeLimitExceeded, 15)], renewals);
        foreach (var (key, next) in Heartbeats(20, 2, TimeSpan.FromHours(2)))
        {
            var result = await Store.PutAsync(key, next, PutKind.Copy);
            Assert.Equal(values.FindIndex(entry => entry.Key == key) < 5 ? StoreResult.Outdated : StoreResult.Stored, result);
            Assert.Equal(StoreResult.Stored, await Store.PutAsync(key, next, PutKind.WithLife));
            Assert.Equal(next, await Store.GetAsync(key, StoredValues.Now));
        }
    }

    [Fact]
    public async Task A_set_with_a_life_replaces_what_a_stranger_stored_and_no_life_of_a_trusted_source()
    {
        await OpenAsync(StoreQuota.Unlimited);
        var (squatted, own) = (StoredValues.Key(1), StoredValues.Key(2));
        await Store.PutAsync(squatted, StoredValues.Text("squat", StoredValues.Bob));
        await Store.PutAsync(own, StoredValues.Text("own"));
        var set = StoredValues.Text("set", StoredValues.Alice) with { ExpiresAt = StoredValues.Now.AddHours(1) };

        Assert.Equal(StoreResult.Outdated, await Store.PutAsync(squatted, set, PutKind.Copy));
        Assert.Equal(StoreResult.Stored, await Store.PutAsync(squatted, set, PutKind.WithLife));
        Assert.Equal(set, await Store.GetAsync(squatted, StoredValues.Now));
        Assert.Equal(StoreResult.Outdated, await Store.PutAsync(own, set with { Source = SourceNetwork.Trusted }, PutKind.WithLife));

        // Nor does a stranger lengthen that.
        var ownValue = (await Store.GetAsync(own, StoredValues.Now))!;
        await Store.PutAsync(own, ownValue with { Source = StoredValues.Bob, ExpiresAt = ownValue.ExpiresAt.AddDays(1) }, PutKind.Copy);
        Assert.Equal(ownValue, await Store.GetAsync(own, StoredValues.Now));

        // Its own life it may shorten; nobody else may.
        var shorter = set with { ExpiresAt = StoredValues.Now.AddMinutes(10) };
        await Store.PutAsync(squatted, shorter with { Source = StoredValues.Bob }, PutKind.WithLife);
        Assert.Equal(set, await Store.GetAsync(squatted, StoredValues.Now));
        await Store.PutAsync(squatted, shorter, PutKind.WithLife);
        Assert.Equal(shorter, await Store.GetAsync(squatted, StoredValues.Now));
    }

    [Fact]
    public async Task Others_renew_a_full_life_as_often_as_they_like()
    {
        await OpenAsync(StoreQuota.Unlimited with { ChangesPerSource = 1 });
        var values = Heartbeats(10, 1, TimeSpan.FromHours(24));
        await Store.PutAllAsync(values);
        var later = StoredValues.Now.AddHours(10);
        Host.MoveTo(later);
        foreach (var (key, value) in values)
        {
            var renewed = value with { Source = StoredValues.Bob, StoredAt = later, ExpiresAt = later.AddHours(24) };
            Assert.Equal(StoreResult.Stored, await Store.PutAsync(key, renewed));
            Assert.Equal(renewed with { Source = StoredValues.Alice }, await Store.GetAsync(key, later));
        }
    }

    [Fact]
    public async Task A_former_source_gets_its_values_back_whatever_it_and_its_neighbours_changed()
    {
        await OpenAsync(StoreQuota.Unlimited with { ChangesPerSource = 5, ChangesPerSubnet = 5 });
        var values = Heartbeats(10, 1, TimeSpan.FromHours(24));
        await Store.PutAllAsync(values);
        for (var i = 0; i < values.Count; i++)
        {
            Assert.Equal(StoreResult.Stored, await Store.PutAsync(values[i].Key, StoredValues.Text("evil", Network($"192.1.{i / 5}.1"))));
        }

        // 203.0.113.6 is a neighbour of Alice.
        for (var i = 0; i < 6; i++)
        {
            await Store.PutAsync(StoredValues.Key(100 + i), StoredValues.Text("other", Network("198.51.100.1")));
            Assert.Equal(
                i < 5 ? StoreResult.Stored : StoreResult.ChangeLimitExceeded,
                await Store.PutAsync(StoredValues.Key(100 + i), StoredValues.Text("evil", Network("203.0.113.6"))));
        }

        await Store.PutAllAsync(values);
        Assert.Equal(values.ToDictionary(), (await Store.ReadAllAsync()).Where(held => held.Value.Source == StoredValues.Alice).ToDictionary());

        // Who took them has to pay again.
        Assert.Equal(StoreResult.ChangeLimitExceeded, await Store.PutAsync(values[0].Key, StoredValues.Text("evil", Network("192.1.0.1"))));
    }

    /// <summary>A quota of 200 keys, 40 to a subnet, of which strangers' far values take 160.</summary>
    internal static StoreQuota Share { get; } =
        StoreQuota.Unlimited with { TotalKeys = 200, KeysPerSource = 20, KeysPerSubnet = 40, ReservePercent = 20 };

    private static ResponsibleArea Area { get; } = new(StoredValues.Key(0), 3);

    private static SourceNetwork Network(string address) => SourceNetwork.Of(UdpEndpoint.Parse($"{address}:1"));

    /// <summary>Values of Alice, with a life.</summary>
    private static List<KeyValuePair<NodeId, StoredValue>> Heartbeats(int count, int beat, TimeSpan life) =>
        [.. Enumerable.Range(0, count).Select(i => KeyValuePair.Create(
            StoredValues.Key(i), StoredValues.Text($"beat {beat}", StoredValues.Alice) with { ExpiresAt = StoredValues.Now + life }))];

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
