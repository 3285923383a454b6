using KadOrleans.Core.Items;

namespace KadOrleans.Lab;

/// <summary>What every <see cref="IKeyStore"/> does with signed items (ADR 45): it checks each itself, whoever puts it and in whatever way.</summary>
public abstract class KeyStoreItemContract : KeyStoreConcurrencyContract
{
    private static readonly NodeId Key = SignedItems.Key();
    private static readonly Item First = SignedItems.Sign(1, "5:first");
    private static readonly Item Second = SignedItems.Sign(2, "6:second");
    private static readonly PutKind[] Kinds = [PutKind.Publication, PutKind.Copy, PutKind.WithLife, PutKind.Import];

    [Fact]
    public async Task What_begins_as_an_item_does_is_stored_only_if_its_owner_signed_it_for_the_key()
    {
        foreach (var kind in Kinds)
        {
            foreach (var (key, value) in ((NodeId, DhtValue)[])[
                (Key, DhtValue.FromBytes("d3:bepi44e"u8.ToArray())),
                (Key, DhtValue.FromBytes([.. First.ToValue().AsBytes().Span, (byte)'e'])),
                (Key, SignedItems.Forge(1, "5:first").ToValue()),
                (StoredValues.Key(1), First.ToValue()),
                (StoredValues.Key(1), SignedItems.Immutable("5:first").ToValue())])
            {
                Assert.Equal(StoreResult.InvalidItem, await Store.PutAsync(key, StoredValues.Of(value), kind));
            }
        }

        Assert.Empty(await Store.ReadAllAsync());
        Assert.Equal(StoreResult.Stored, await PutAsync(First, source: StoredValues.Bob));
        var immutable = SignedItems.Immutable("5:first");
        Assert.Equal(StoreResult.Stored, await Store.PutAsync(immutable.Key, StoredValues.Of(immutable.ToValue(), StoredValues.Bob), PutKind.Copy));
        Assert.Equal([First.ToValue(), immutable.ToValue()], [await ValueOf(Key), await ValueOf(immutable.Key)]);
    }

    [Fact]
    public async Task A_higher_number_replaces_whoever_sends_it_and_nothing_else_does()
    {
        await PutAsync(First, PutKind.Publication, SourceNetwork.Trusted, life: TimeSpan.FromDays(3));
        Assert.Equal(StoreResult.Stored, await PutAsync(Second, PutKind.Copy, StoredValues.Alice, TimeSpan.FromMinutes(1)));
        await Place.SettleAsync();

        foreach (var kind in Kinds)
        {
            var lie = StoredValues.Text("lie") with { ExpiresAt = StoredValues.Now.AddDays(9), IsAuthored = true };
            Assert.Equal(StoreResult.NotOwner, await Store.PutAsync(Key, lie, kind));
            Assert.Equal(StoreResult.OlderItem, await PutAsync(First, kind, life: TimeSpan.FromDays(9)));
            Assert.Equal(StoreResult.OlderItem, await PutAsync(SignedItems.Sign(2, "5:other"), kind));
            Assert.Equal(StoreResult.InvalidItem, await PutAsync(SignedItems.Forge(3, "5:other"), kind));
        }

        var held = (await Store.GetAsync(Key, StoredValues.Now))!;
        Assert.Equal((Second.ToValue(), StoredValues.Now.AddDays(3)), (held.Value, held.ExpiresAt));
    }

    [Fact]
    public async Task A_renewal_lengthens_and_never_shortens()
    {
        await PutAsync(First, life: TimeSpan.FromHours(2));
        Assert.Equal(StoreResult.Stored, await PutAsync(First, PutKind.WithLife, life: TimeSpan.FromHours(1)));
        await Place.SettleAsync();
        Assert.Equal(StoredValues.Now.AddHours(2), (await Store.GetAsync(Key, StoredValues.Now))!.ExpiresAt);

        Assert.Equal(StoreResult.Stored, await PutAsync(First, PutKind.Copy, StoredValues.Bob, TimeSpan.FromHours(3)));
        await Place.SettleAsync();
        Assert.Equal(StoredValues.Now.AddHours(3), (await Store.GetAsync(Key, StoredValues.Now))!.ExpiresAt);
    }

    [Fact]
    public async Task An_end_is_kept_as_any_item_and_only_a_higher_number_begins_anew()
    {
        await PutAsync(First);
        var end = SignedItems.Sign(2, "0:");
        Assert.Equal(StoreResult.Stored, await PutAsync(end, source: StoredValues.Alice));
        await Place.SettleAsync();
        Assert.Equal(end.ToValue(), await ValueOf(Key));
        Assert.Equal(StoreResult.OlderItem, await PutAsync(First));
        Assert.Equal(StoreResult.OlderItem, await PutAsync(Second));

        Assert.Equal(StoreResult.Stored, await PutAsync(SignedItems.Sign(3, "5:third")));
        Assert.Equal(3, SignedItems.SeqOf(await ValueOf(Key)));
    }

    [Fact]
    public async Task A_condition_names_the_number_that_is_held_and_a_repeated_put_finds_its_own_success()
    {
        var terms = new PutTerms(PutKind.Publication) { Condition = PutCondition.HasSeq(1) };
        await PutAsync(First);

        Assert.Equal(StoreResult.Stored, await Store.PutAsync(Key, StoredValues.Of(Second.ToValue()), terms));
        Assert.Equal(StoreResult.Stored, await Store.PutAsync(Key, StoredValues.Of(Second.ToValue()), terms));
        Assert.Equal(StoreResult.Superseded, await Store.PutAsync(Key, StoredValues.Of(SignedItems.Sign(3, "5:third").ToValue()), terms));
        Assert.Equal(Second.ToValue(), await ValueOf(Key));
    }

    [Fact]
    public async Task Of_items_under_way_from_many_threads_the_highest_number_stays()
    {
        var items = Enumerable.Range(0, 60).Select(seq => SignedItems.Sign(seq, $"i{seq}e")).ToList();
        var results = await Task.WhenAll(items.Select(item => Task.Run(async () => await PutAsync(item, PutKind.Copy, StoredValues.Alice))));

        Assert.All(results, result => Assert.Contains(result, new[] { StoreResult.Stored, StoreResult.OlderItem }));
        Assert.Equal(StoreResult.Stored, results[^1]);
        await Place.SettleAsync();
        Assert.Equal(59, SignedItems.SeqOf(await ValueOf(Key)));
    }

    [Fact]
    public async Task A_kept_item_follows_its_owner_and_stays_until_its_keeper_lets_it_go()
    {
        var until = StoredValues.Now.AddDays(40);
        Assert.Equal(StoreResult.Stored, await KeepAsync(First, until));
        Assert.Equal(StoreResult.Stored, await PutAsync(Second, PutKind.Copy, StoredValues.Alice, TimeSpan.FromMinutes(1)));
        await Place.SettleAsync();
        Assert.Equal(StoreResult.OlderItem, await KeepAsync(First, until.AddDays(1)));
        Assert.Equal(StoreResult.Stored, await PutAsync(Second, PutKind.WithLife, life: TimeSpan.FromDays(99)));
        Assert.Equal(0, await Store.RemoveExpiredAsync(until.AddDays(1)));

        var lives = new List<KeyLife>();
        await Store.VisitAsync(KeyRegion.Everywhere, lives.Add, CancellationToken.None);
        Assert.Equal((Key, until, true), (lives.Single().Key, lives[0].ExpiresAt, lives[0].IsKept));
        var held = (await Store.GetAsync(Key, until.AddHours(1)))!;
        Assert.Equal((Second.ToValue(), until, SourceNetwork.Trusted), (held.Value, held.KeptUntil, held.Source));

        Assert.Equal(StoreResult.Superseded, await ReleaseAsync(held with { ExpiresAt = until.AddDays(1) }));
        Assert.Equal(StoreResult.Stored, await ReleaseAsync(held));
        await Place.SettleAsync();
        held = (await Store.GetAsync(Key, StoredValues.Now))!;
        Assert.Equal((null, held.StoredAt.AddDays(7)), (held.KeptUntil, held.ExpiresAt));
        Assert.Equal(1, await Store.RemoveExpiredAsync(StoredValues.Now.AddDays(8)));

        Task<StoreResult> ReleaseAsync(StoredValue read) => Store.PutAsync(
            Key,
            read.Release(TimeSpan.FromDays(7)),
            new PutTerms(PutKind.Copy) { Condition = new PutCondition { Value = read.Value, KeptUntil = read.KeptUntil } }).AsTask();
    }

    [Fact]
    public async Task No_more_items_are_kept_than_the_quota_says_and_a_value_that_is_none_never_is()
    {
        await ReopenAsync(StoreQuota.Unlimited with { KeptKeys = 1 });
        var until = StoredValues.Now.AddDays(40);
        Assert.Equal(StoreResult.Stored, await KeepAsync(First, until));
        var other = SignedItems.Sign(1, "5:other", "another");
        Assert.Equal(StoreResult.KeptQuotaExceeded, await KeepAsync(other, until));
        Assert.Equal(StoreResult.InvalidItem, await Store.PutAsync(StoredValues.Key(1), StoredValues.Text("text") with { IsKept = true, ExpiresAt = until }));
        Assert.Equal(StoreResult.Stored, await KeepAsync(Second, until.AddDays(1)));
        Assert.Equal(until.AddDays(1), Assert.Single(await Store.ReadAllAsync()).Value.KeptUntil);
    }

    protected async Task<StoreResult> KeepAsync(Item item, DateTimeOffset until) => await Store.PutAsync(
        item.Key, StoredValues.Of(item.ToValue()) with { IsKept = true, IsAuthored = true, ExpiresAt = until });

    protected async Task<StoreResult> PutAsync(
        Item item, PutKind kind = PutKind.Publication, SourceNetwork source = default, TimeSpan? life = null) => await Store.PutAsync(
            Key, StoredValues.Of(item.ToValue(), source) with { ExpiresAt = StoredValues.Now + (life ?? TimeSpan.FromHours(24)) }, kind);

    private async Task<DhtValue?> ValueOf(NodeId key) => (await Store.GetAsync(key, StoredValues.Now))?.Value;
}
