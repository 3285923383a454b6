namespace KadOrleans.Lab;

/// <summary>What every <see cref="IKeyStore"/> does with a put that has a condition: its writer decides, after every earlier put.</summary>
public abstract class KeyStoreConditionContract : KeyStoreItemContract
{
    private static readonly PutTerms IfNothingHeld = new(PutKind.Copy) { Condition = PutCondition.NothingHeld };
    private static readonly NodeId Key = StoredValues.Key(1);
    private static readonly StoredValue First = StoredValues.Text("first") with { ExpiresAt = StoredValues.Now.AddHours(1) };
    private static readonly StoredValue Second = StoredValues.Text("second") with { ExpiresAt = StoredValues.Now.AddHours(2) };

    [Fact]
    public async Task A_put_whose_condition_is_not_met_changes_nothing_and_says_so()
    {
        Assert.Equal(StoreResult.Superseded, await Store.PutAsync(Key, Second, If(PutCondition.Unchanged(First))));
        Assert.Empty(await Store.ReadAllAsync());

        await Store.PutAsync(Key, First);
        foreach (var unmet in (PutCondition[])[
            new() { Value = Second.Value },
            new() { Value = First.Value, PublishedAt = StoredValues.Now },
            new() { Value = First.Value, StoredBy = StoredValues.Now.AddMilliseconds(-1) },
            PutCondition.SameValue,
            PutCondition.NothingHeld])
        {
            Assert.Equal(StoreResult.Superseded, await Store.PutAsync(Key, Second, If(unmet)));
            Assert.Equal(First, await Store.GetAsync(Key, StoredValues.Now));
        }
    }

    [Fact]
    public async Task A_put_whose_condition_is_met_goes_by_the_rules_of_its_kind()
    {
        await Store.PutAsync(Key, First);
        Assert.Equal(StoreResult.Stored, await Store.PutAsync(Key, First with { ExpiresAt = Second.ExpiresAt }, If(PutCondition.SameValue)));
        Assert.Equal(Second.ExpiresAt, (await Store.GetAsync(Key, StoredValues.Now))?.ExpiresAt);

        // A copy that lives as long does not replace, whatever its condition is.
        Assert.Equal(StoreResult.Outdated, await Store.PutAsync(Key, Second, If(new PutCondition { Value = First.Value })));
        var longer = Second with { ExpiresAt = Second.ExpiresAt.AddHours(1) };
        Assert.Equal(StoreResult.Stored, await Store.PutAsync(Key, longer, If(new PutCondition { Value = First.Value })));
        Assert.Equal(longer, await Store.GetAsync(Key, StoredValues.Now));
    }

    [Fact]
    public async Task An_expired_value_counts_as_it_was_stored_but_not_as_held()
    {
        var expired = StoredValues.ExpiringAt(StoredValues.Now);
        await Store.PutAsync(Key, expired);

        Assert.Equal(StoreResult.Stored, await Store.PutAsync(Key, First, If(PutCondition.Unchanged(expired))));
        Assert.Equal(First, await Store.GetAsync(Key, StoredValues.Now));

        await Store.PutAsync(StoredValues.Key(2), expired);
        Assert.Equal(StoreResult.Stored, await Store.PutAsync(StoredValues.Key(2), First, IfNothingHeld));
        Assert.Equal(StoreResult.Superseded, await Store.PutAsync(StoredValues.Key(2), Second, IfNothingHeld));
    }

    [Fact]
    public async Task What_was_stored_after_it_was_read_is_told_by_its_time_to_the_millisecond()
    {
        await Store.PutAsync(Key, First);
        var read = (await Store.GetAsync(Key, StoredValues.Now))!;
        var later = StoredValues.Now.AddMilliseconds(1);
        Place.MoveTo(later);
        var again = If(PutCondition.SameValue with { StoredBy = read.StoredAt });

        // A part of a millisecond is lost where a store keeps whole ones.
        Assert.Equal(
            StoreResult.Stored,
            await Store.PutAsync(Key, First, If(PutCondition.SameValue with { StoredBy = read.StoredAt.AddTicks(-TimeSpan.TicksPerMillisecond + 1) })));
        Assert.Equal(StoreResult.Stored, await Store.PutAsync(Key, First with { StoredAt = later, ExpiresAt = Second.ExpiresAt }, again));
        Assert.Equal(StoreResult.Superseded, await Store.PutAsync(Key, First with { StoredAt = later }, again));
    }

    [Fact]
    public async Task Of_many_puts_with_one_condition_one_is_done_whichever_it_is()
    {
        await Store.PutAsync(Key, First);
        var values = Enumerable.Range(0, 50).Select(i => StoredValues.Sized(i) with { ExpiresAt = StoredValues.Expiry }).ToList();

        var results = await Task.WhenAll(values.Select(value =>
            Task.Run(async () => await Store.PutAsync(Key, value, If(PutCondition.Unchanged(First))))));

        Assert.Equal(1, results.Count(result => result == StoreResult.Stored));
        Assert.Equal(values.Count - 1, results.Count(result => result == StoreResult.Superseded));
        Assert.Equal(values[Array.IndexOf(results, StoreResult.Stored)], await Store.GetAsync(Key, StoredValues.Now));
    }

    [Fact]
    public async Task A_change_that_is_under_way_counts()
    {
        await Store.PutAsync(Key, First);

        // Not awaited one by one: the second is decided before the first is durable.
        var replaced = Store.PutAsync(Key, Second);
        var renewed = Store.PutAsync(Key, First, If(PutCondition.SameValue));
        var follows = Store.PutAsync(Key, Second with { ExpiresAt = StoredValues.Expiry }, If(PutCondition.SameValue));

        Assert.Equal(
            [StoreResult.Stored, StoreResult.Superseded, StoreResult.Stored], [await replaced, await renewed, await follows]);
        Assert.Equal(Second with { ExpiresAt = StoredValues.Expiry }, await Store.GetAsync(Key, StoredValues.Now));
    }

    private static PutTerms If(PutCondition condition) => new(PutKind.Copy) { Condition = condition };
}

/// <summary>What a store does that keeps the marks of publications, as a cluster's does.</summary>
public abstract class KeyStoreMarkContract : KeyStoreConditionContract
{
    private static readonly NodeId Marked = StoredValues.Key(7);
    private static readonly DateTimeOffset Mark = StoredValues.Now.AddDays(-1);
    private static readonly StoredValue Published = StoredValues.Text("published") with { PublishedAt = Mark };

    [Fact]
    public async Task A_publication_is_renewed_only_with_the_mark_that_was_read_also_when_the_put_is_made_twice()
    {
        await Store.PutAsync(Marked, Published);
        var renewal = new PutTerms(PutKind.Publication) { Condition = new() { Value = Published.Value, PublishedAt = Mark } };
        var renewed = Published with { PublishedAt = StoredValues.Now };

        Assert.Equal(StoreResult.Stored, await Store.PutAsync(Marked, renewed, renewal));
        Assert.Equal(StoreResult.Stored, await Store.PutAsync(Marked, renewed, renewal));
        Assert.Equal(StoredValues.Now, (await Store.GetAsync(Marked, StoredValues.Now))?.PublishedAt);
        Assert.Equal(
            StoreResult.Superseded, await Store.PutAsync(Marked, renewed with { PublishedAt = StoredValues.Now.AddSeconds(1) }, renewal));
        Assert.Equal(StoreResult.Superseded, await Store.PutAsync(Marked, Published with { PublishedAt = null }, renewal));
    }

    [Fact]
    public async Task A_put_that_ends_a_publication_replaces_it_and_no_other_one()
    {
        await Store.PutAsync(Marked, Published);
        var later = StoredValues.Text("later");
        var end = new PutTerms(PutKind.Publication)
        {
            Condition = new() { Value = Published.Value, PublishedAt = Mark, StoredBy = Published.StoredAt, EndsPublication = true },
        };
        Assert.Equal(
            StoreResult.Superseded,
            await Store.PutAsync(Marked, later, end with { Condition = end.Condition with { PublishedAt = StoredValues.Now } }));

        Assert.Equal(StoreResult.Stored, await Store.PutAsync(Marked, later, end));

        var held = await Store.GetAsync(Marked, StoredValues.Now);
        Assert.Equal((later.Value, null), (held?.Value, held?.PublishedAt));
        Assert.Equal(StoreResult.Superseded, await Store.PutAsync(Marked, later, end));
    }

    [Fact]
    public async Task A_renewal_without_a_mark_leaves_the_mark()
    {
        await Store.PutAsync(Marked, Published);

        var terms = new PutTerms(PutKind.Copy) { Condition = PutCondition.SameValue };
        Assert.Equal(StoreResult.Stored, await Store.PutAsync(Marked, Published with { PublishedAt = null }, terms));

        Assert.Equal(Mark, (await Store.GetAsync(Marked, StoredValues.Now))?.PublishedAt);
    }
}
