namespace KadOrleans.Lab;

/// <summary>What an <see cref="IKeyStore"/> that lasts brings back when it is opened again.</summary>
public abstract class KeyStoreDurabilityContract : KeyStoreQuotaContract
{
    [Fact]
    public async Task Every_acknowledged_value_is_there_after_reopening()
    {
        var values = StoredValues.EdgeCases.Index().ToDictionary(
            item => StoredValues.Key(item.Index),
            item => StoredValues.Of(item.Item, (item.Index % 2 == 0 ? StoredValues.Alice : StoredValues.Bob).WithProof(item.Index % 3 == 0)) with
            {
                IsAuthored = item.Index % 5 < 2,
            });
        await Store.PutAllAsync(values);
        var usage = await Store.GetUsageAsync();

        await ReopenAsync();

        Assert.Equal(values, await Store.ReadAllAsync());
        Assert.Equal(usage, await Store.GetUsageAsync());
    }

    [Fact]
    public async Task An_item_is_its_owners_after_reopening()
    {
        await PutAsync(SignedItems.Sign(2, "6:second"), source: StoredValues.Alice);
        await ReopenAsync();

        Assert.Equal(StoreResult.NotOwner, await Store.PutAsync(SignedItems.Key(), StoredValues.Text("lie")));
        Assert.Equal(StoreResult.OlderItem, await PutAsync(SignedItems.Sign(1, "5:first")));
        Assert.Equal(StoreResult.Stored, await PutAsync(SignedItems.Sign(2, "6:second"), PutKind.Copy, StoredValues.Bob, TimeSpan.FromHours(30)));
        Assert.Equal(StoreResult.Stored, await PutAsync(SignedItems.Sign(3, "0:"), source: StoredValues.Bob));
        await ReopenAsync();

        var held = (await Store.GetAsync(SignedItems.Key(), StoredValues.Now))!;
        Assert.Equal((SignedItems.Sign(3, "0:").ToValue(), StoredValues.Now.AddHours(30)), (held.Value, held.ExpiresAt));
    }

    [Fact]
    public async Task A_kept_item_is_kept_after_reopening()
    {
        var (until, first) = (StoredValues.Now.AddDays(3_649), SignedItems.Sign(2, "6:second"));
        Assert.Equal(StoreResult.Stored, await KeepAsync(first, until));
        await ReopenAsync(StoreQuota.Unlimited with { KeptKeys = 1 });

        Assert.Equal(StoreResult.KeptQuotaExceeded, await KeepAsync(SignedItems.Sign(1, "5:other", "another"), until));
        Assert.Equal(0, await Store.RemoveExpiredAsync(until.AddDays(1)));
        Assert.Equal(StoreResult.Stored, await PutAsync(SignedItems.Sign(3, "0:"), PutKind.Copy, StoredValues.Bob, TimeSpan.FromMinutes(1)));
        await ReopenAsync();

        var held = (await Store.GetAsync(SignedItems.Key(), StoredValues.Now))!;
        Assert.Equal((SignedItems.Sign(3, "0:").ToValue(), until, true), (held.Value, held.KeptUntil, held.IsAuthored));
    }

    [Fact]
    public async Task A_condition_holds_for_what_is_there_after_reopening()
    {
        var (first, second) = (StoredValues.Text("first"), StoredValues.Text("second") with { ExpiresAt = StoredValues.Expiry.AddHours(1) });
        await Store.PutAsync(StoredValues.Key(1), first);
        var read = (await Store.GetAsync(StoredValues.Key(1), StoredValues.Now))!;
        await ReopenAsync();

        var terms = new PutTerms(PutKind.Copy) { Condition = PutCondition.Unchanged(read) };
        Assert.Equal(StoreResult.Stored, await Store.PutAsync(StoredValues.Key(1), second, terms));
        await ReopenAsync();

        Assert.Equal(StoreResult.Superseded, await Store.PutAsync(StoredValues.Key(1), first, terms));
        Assert.Equal(second, await Store.GetAsync(StoredValues.Key(1), StoredValues.Now));
    }

    [Fact]
    public async Task Puts_under_way_when_the_store_closes_are_kept_if_they_were_acknowledged()
    {
        var values = Enumerable.Range(0, 500).ToDictionary(StoredValues.Key, i => StoredValues.Sized(i));
        var puts = Store.PutTogetherAsync(values);

        await Place.CloseAsync();
        Assert.All(await puts, result => Assert.Equal(StoreResult.Stored, result));
        await OpenAsync(StoreQuota.Unlimited);

        Assert.Equal(values, await Store.ReadAllAsync());
    }

    [Fact]
    public async Task What_was_replaced_removed_evicted_or_refused_is_so_after_reopening()
    {
        var quota = StoreQuota.Unlimited with { TotalKeys = 50, ReservePercent = 0 };
        await ReopenAsync(quota);
        var random = new SeededRandomSource(3);
        var results = new HashSet<StoreResult>();
        for (var round = 0; round < 3; round++)
        {
            // Within a round puts of a key come together with others of it.
            var puts = Enumerable.Range(0, 300).Select(i => KeyValuePair.Create(
                StoredValues.Key(random.Next(100)),
                StoredValues.Sized(i % 50, new[] { default, StoredValues.Alice, StoredValues.Bob }[random.Next(3)]))).ToList();
            puts.Add(KeyValuePair.Create(StoredValues.Key(200), StoredValues.ExpiringAt(StoredValues.Now)));
            results.UnionWith(round == 1 ? await Store.PutFromManyThreadsAsync(puts) : await Store.PutTogetherAsync(puts));
            await Store.RemoveExpiredAsync(StoredValues.Now);
            var (held, usage) = (await Store.ReadAllAsync(), await Store.GetUsageAsync());
            Assert.InRange(held.Count, 40, 50);

            await ReopenAsync(quota);

            Assert.Equal(held, await Store.ReadAllAsync());
            Assert.Equal(usage, await Store.GetUsageAsync());
        }

        Assert.Superset(new HashSet<StoreResult> { StoreResult.Stored, StoreResult.TotalQuotaExceeded }, results);
    }

    [Fact]
    public async Task What_a_source_has_used_up_stays_used_up_after_reopening()
    {
        var quota = StoreQuota.Unlimited with { KeysPerSource = 1 };
        await ReopenAsync(quota);
        await Store.PutAsync(StoredValues.Key(1), StoredValues.Sized(1, StoredValues.Alice));

        await ReopenAsync(quota);

        Assert.Equal(StoreResult.SourceQuotaExceeded, await Store.PutAsync(StoredValues.Key(2), StoredValues.Sized(1, StoredValues.Alice)));
        Assert.Equal(StoreResult.Stored, await Store.PutAsync(StoredValues.Key(2), StoredValues.Sized(1, StoredValues.Bob)));
    }

    [Fact]
    public async Task What_an_owner_has_used_up_stays_used_up_after_reopening()
    {
        var quota = StoreQuota.Unlimited with { KeysPerOwner = 2, BytesPerOwner = 3 * OwnedFootprint };
        await ReopenAsync(quota);
        Assert.Equal(StoreResult.Stored, await PutOwnedAsync(10, SignedItems.Owner, 1));
        Assert.Equal(StoreResult.Stored, await PutOwnedAsync(11, SignedItems.Owner, 2));
        Assert.Equal(StoreResult.Stored, await PutOwnedAsync(12, SignedItems.Owner, source: null));
        await PutAsync(SignedItems.Sign(1, "5:other", owner: SignedItems.Stranger), source: StoredValues.Alice);

        await ReopenAsync(quota);

        Assert.Equal(StoreResult.OwnerQuotaExceeded, await PutOwnedAsync(13, SignedItems.Owner, 3));
        Assert.Equal(StoreResult.Stored, await PutOwnedAsync(10, SignedItems.Owner, 3, seq: 2));
        Assert.Equal(StoreResult.Stored, await PutOwnedAsync(10, SignedItems.Stranger, 1));
        await ReopenAsync(StoreQuota.Unlimited with { BytesPerOwner = (3 * OwnedFootprint) - 1 });
        Assert.Equal(StoreResult.OwnerQuotaExceeded, await PutOwnedAsync(13, SignedItems.Owner, 3));
        await ReopenAsync(StoreQuota.Unlimited with { BytesPerOwner = 3 * OwnedFootprint });
        Assert.Equal(StoreResult.Stored, await PutOwnedAsync(13, SignedItems.Owner, 3));
    }

    [Fact]
    public async Task A_full_store_goes_on_making_room_after_reopening()
    {
        await ReopenAsync(KeyStoreQuotaContract.Share);
        await KeyStoreQuotaContract.AssertOutlivesFloodAsync(Store, async () =>
        {
            await ReopenAsync(KeyStoreQuotaContract.Share);
            return Store;
        });
    }

    [Fact]
    public async Task A_lower_quota_refuses_new_values_and_drops_no_old_ones()
    {
        await Store.PutAllAsync(Enumerable.Range(0, 5).ToDictionary(StoredValues.Key, i => StoredValues.Sized(i)));

        await ReopenAsync(StoreQuota.Unlimited with { TotalKeys = 2 });

        Assert.Equal(5, (await Store.GetUsageAsync()).Keys);
        Assert.Equal(StoreResult.TotalQuotaExceeded, await Store.PutAsync(StoredValues.Key(9), StoredValues.Sized(1)));
    }
}
