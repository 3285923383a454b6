namespace KadOrleans.Lab;

/// <summary>What every <see cref="IKeyStore"/> does with keys and values.</summary>
public abstract class KeyStoreContract : KeyStoreConditionContract
{
    private static readonly ResponsibleArea Half = new(StoredValues.Key(0), 1);

    [Fact]
    public async Task Values_of_every_type_come_back_equal_also_of_the_lowest_and_the_highest_key()
    {
        var keys = StoredValues.EdgeCases.Select((_, i) => StoredValues.Key(i)).Skip(2).Append(NodeId.MinValue).Append(NodeId.MaxValue);
        var values = keys.Zip(StoredValues.EdgeCases).ToDictionary(x => x.First, x => StoredValues.Of(x.Second));
        await Store.PutAllAsync(values);

        foreach (var (key, value) in values)
        {
            Assert.Equal(value, await Store.GetAsync(key, StoredValues.Now));
        }
    }

    [Fact]
    public async Task A_value_that_the_wire_cannot_carry_is_refused_and_leaves_nothing()
    {
        await Store.PutAsync(StoredValues.Key(1), StoredValues.Text("stays"));

        Assert.Equal(StoreResult.UnsupportedType, await Store.PutAsync(StoredValues.Key(1), StoredValues.Of(default)));
        Assert.Equal(
            StoreResult.TooLarge, await Store.PutAsync(StoredValues.Key(2), StoredValues.Sized(StoreRules.MaxContentLength + 1)));

        Assert.Equal([StoredValues.Key(1)], (await Store.ReadAllAsync()).Keys);
        Assert.Equal("stays", (await Store.GetAsync(StoredValues.Key(1), StoredValues.Now))?.Value.AsString());
    }

    [Fact]
    public async Task Thousands_of_expired_keys_are_removed_in_one_call()
    {
        var values = Enumerable.Range(0, 3000).ToDictionary(
            StoredValues.Key, i => StoredValues.ExpiringAt(StoredValues.Now.AddSeconds(i % 2)));
        Assert.All(await Store.PutTogetherAsync(values), result => Assert.Equal(StoreResult.Stored, result));

        Assert.Equal(1500, await Store.RemoveExpiredAsync(StoredValues.Now));

        var left = await Store.ReadAllAsync();
        Assert.Equal(1500, left.Count);
        Assert.All(left.Values, value => Assert.False(value.IsExpired(StoredValues.Now)));
    }

    [Fact]
    public async Task A_scan_shows_every_key_once_expired_ones_too_and_that_of_a_region_the_keys_in_it()
    {
        var values = Enumerable.Range(0, 100).ToDictionary(
            StoredValues.Key, i => i == 7 ? StoredValues.ExpiringAt(DateTimeOffset.UnixEpoch) : StoredValues.Sized(i));
        await Store.PutAllAsync(values);
        var region = new KeyRegion(StoredValues.Key(1), NodeId.MinValue.WithBit(0, true).WithBit(9, true));

        Assert.Equal(values, await Store.ReadAllAsync());
        var seen = await Store.ScanAsync(region).ToDictionaryAsync();
        Assert.Equal(values.Where(entry => region.Contains(entry.Key)).ToDictionary(), seen);
        Assert.InRange(seen.Count, 1, 50);
    }

    [Fact]
    public async Task A_scan_bears_puts_and_removals_meanwhile()
    {
        var values = Enumerable.Range(0, 10).ToDictionary(StoredValues.Key, i => StoredValues.Sized(i));
        await Store.PutAllAsync(values);

        var seen = new HashSet<NodeId>();
        await foreach (var (key, _) in Store.ScanAsync())
        {
            Assert.True(seen.Add(key));
            await Store.PutAsync(StoredValues.Key(100 + seen.Count), StoredValues.ExpiringAt(StoredValues.Now));
            await Store.RemoveExpiredAsync(StoredValues.Now);
        }

        Assert.Superset(values.Keys.ToHashSet(), seen);
    }

    [Fact]
    public async Task An_import_leaves_what_was_stored_later_even_while_both_are_under_way()
    {
        var later = StoredValues.Text("later");
        var earlier = StoredValues.Text("earlier") with { StoredAt = later.StoredAt.AddSeconds(-1), ExpiresAt = later.ExpiresAt.AddHours(1) };
        var (puts, imports) = (new List<Task<StoreResult>>(), new List<Task<StoreResult>>());
        for (var i = 0; i < 200; i++)
        {
            // Of each pair of keys one has the import first, the other the put.
            var isImport = i % 4 is 0 or 3;
            var (value, kind) = isImport ? (earlier, PutKind.Import) : (later, PutKind.Publication);
            (isImport ? imports : puts).Add(Store.PutAsync(StoredValues.Key(i / 2), value, kind).AsTask());
        }

        Assert.All(await Task.WhenAll(puts), result => Assert.Equal(StoreResult.Stored, result));
        Assert.All(await Task.WhenAll(imports), result => Assert.Contains(result, new[] { StoreResult.Stored, StoreResult.Outdated }));
        Assert.All((await Store.ReadAllAsync()).Values, held => Assert.Equal(later, held));
    }

    [Fact]
    public async Task A_put_without_a_token_leaves_what_an_author_wrote_and_changes_what_nobody_did()
    {
        var (authored, plain) = (StoredValues.Key(1), StoredValues.Key(2));
        var proven = StoredValues.Alice.WithProof(true);
        var own = StoredValues.Text("author's", proven) with { IsAuthored = true };
        await Store.PutAsync(authored, own);
        await Store.PutAsync(plain, StoredValues.Text("nobody's", StoredValues.Alice));
        var tokenless = new PutTerms(PutKind.Publication) { Scope = PutScope.Unauthored };

        Assert.Equal(StoreResult.TokenRequired, await Store.PutAsync(authored, StoredValues.Text("lie", StoredValues.Bob), tokenless));
        Assert.Equal(StoreResult.Stored, await Store.PutAsync(authored, StoredValues.Text("author's", StoredValues.Bob), tokenless));
        Assert.Equal(StoreResult.Stored, await Store.PutAsync(plain, StoredValues.Text("other", StoredValues.Bob), tokenless));
        Assert.Equal(StoreResult.TokenRequired, await Store.PutAsync(
            plain, StoredValues.Text("third", StoredValues.Bob), tokenless with { Scope = PutScope.Nothing }));
        Assert.Equal(StoreResult.Stored, await Store.PutAsync(StoredValues.Key(3), StoredValues.Text("new"), tokenless with { Scope = PutScope.Nothing }));
        await Place.SettleAsync();

        var held = (await Store.GetAsync(authored, StoredValues.Now))!;
        Assert.Equal(own, held);
        Assert.Equal((true, true), (held.IsAuthored, held.Source.IsProven));
        held = (await Store.GetAsync(plain, StoredValues.Now))!;
        Assert.Equal(("other", false, StoredValues.Bob), (held.Value.AsString(), held.IsAuthored, held.Source));
        Assert.Equal(StoreResult.Stored, await Store.PutAsync(authored, StoredValues.Text("next", StoredValues.Bob), PutKind.Publication));
        await Place.SettleAsync();
        Assert.False((await Store.GetAsync(authored, StoredValues.Now))!.IsAuthored);
    }

    [Fact]
    public async Task What_was_stored_without_a_token_comes_back_without_one_after_somebody_took_the_key_with_one()
    {
        var key = StoredValues.Key(1);
        var former = StoredValues.Text("former", StoredValues.Alice);
        var tokenless = new PutTerms(PutKind.Publication) { Scope = PutScope.Unauthored };
        var thief = StoredValues.Bob.WithProof(true);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(StoreResult.Stored, await Store.PutAsync(key, former, tokenless));
            Assert.Equal(StoreResult.Stored, await Store.PutAsync(key, StoredValues.Text("taken", thief) with { IsAuthored = true }));
            Assert.Equal(StoreResult.TokenRequired, await Store.PutAsync(key, StoredValues.Text("other", StoredValues.Alice), tokenless));
            Assert.Equal(StoreResult.NotOwner, await Store.PutAsync(key, StoredValues.Text("other", StoredValues.Bob), tokenless));
            Assert.Equal(StoreResult.Stored, await Store.PutAsync(key, former, tokenless));
            await Place.SettleAsync();
            Assert.Equal(former, await Store.GetAsync(key, StoredValues.Now));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Any_sequence_of_calls_does_what_the_rules_of_the_core_say(int seed)
    {
        var quota = new StoreQuota
        {
            TotalKeys = 12,
            TotalBytes = 4000,
            KeysPerSource = 3,
            BytesPerSource = 1000,
            ReservePercent = 50,
            ChangesPerSource = 3 + seed,
        };
        await ReopenAsync(quota);
        var model = new KeyShard(quota);
        Store.SetArea(Half);
        model.SetArea(Half);
        var random = new SeededRandomSource(seed);
        var results = new HashSet<StoreResult>();
        for (var step = 0; step < 300; step++)
        {
            var now = StoredValues.Now.AddSeconds(step);
            Place.MoveTo(now);
            var key = StoredValues.Key(random.Next(20));
            var source = new[] { default, StoredValues.Alice, StoredValues.Bob, StoredValues.Bob.WithProof(true) }[random.Next(4)];
            var content = random.Next(4) == 0 ? DhtValue.FromInteger(random.Next(2)) : DhtValue.FromBytes(new byte[random.Next(4) * 100]);
            var value = StoredValues.Of(content, source) with { ExpiresAt = now.AddSeconds(random.Next(40)), IsAuthored = random.Next(2) == 0 };
            var kind = (PutKind)random.Next(4);
            var terms = new PutTerms(kind) { Scope = (PutScope)Math.Max(0, random.Next(10) - 7) };
            value = value with { StoredAt = kind == PutKind.Import ? now.AddSeconds(-random.Next(40)) : now };
            var result = await Store.PutAsync(key, value, terms);
            Assert.Equal(model.Put(key, value, terms), result);
            results.Add(result);
            await Place.SettleAsync();
            if (random.Next(5) == 0)
            {
                Assert.Equal(model.RemoveExpired(now).Count, await Store.RemoveExpiredAsync(now));
            }

            foreach (var one in new[] { key, StoredValues.Key(random.Next(20)) })
            {
                Assert.Equal(model.TryGet(one, now, out var held) ? held : null, await Store.GetAsync(one, now));
            }

            Assert.Equal(new KeyStoreUsage(model.Count, model.Bytes), await Store.GetUsageAsync());
        }

        Assert.Equal(model.Values.ToDictionary(), await Store.ReadAllAsync());
        HashSet<StoreResult> expected =
        [
            StoreResult.Stored, StoreResult.SourceQuotaExceeded, StoreResult.TotalQuotaExceeded, StoreResult.Outdated, StoreResult.ChangeLimitExceeded,
            StoreResult.TokenRequired,
        ];
        Assert.Superset(expected, results);
    }
}
