using KadOrleans.Storage.Sqlite;
using SQLitePCL;

namespace KadOrleans.Tests.Storage;

public sealed class FailedCommitTests : SqliteTests
{
    private const string Full = "PRAGMA max_page_count = 1";
    private const string Roomy = "PRAGMA max_page_count = 1073741823";
    private const string Broken = "PRAGMA query_only = ON";
    private const string Repaired = "PRAGMA query_only = OFF";

    [Fact]
    public async Task A_full_disk_fails_the_puts_of_the_batch_and_no_others()
    {
        await using var database = Open();
        var kept = StoredValues.Text("kept");
        await database.Store.PutAsync(StoredValues.Key(1), kept);
        Assert.Null(database.Store.Problem);
        var usage = await database.Store.GetUsageAsync();

        await database.ExecuteAsync(Full);
        Assert.All(await PutBatchAsync(database, 1, 20), result => Assert.Equal(StoreResult.StorageFailed, result));
        Assert.Contains($"'{Folder.DatabasePath}' cannot be written", database.Store.Problem, StringComparison.Ordinal);
        Assert.Equal(usage, await database.Store.GetUsageAsync());
        Assert.Equal(kept, await database.GetAsync(StoredValues.Key(1)));
        Assert.Null(await database.GetAsync(StoredValues.Key(2)));

        await database.ExecuteAsync(Roomy);
        Assert.All(await PutBatchAsync(database, 10, 20), result => Assert.Equal(StoreResult.Stored, result));
        await AssertSameAfterReopeningAsync(database, 21);
    }

    [Fact]
    public async Task A_commit_that_fails_itself_takes_the_whole_batch_back()
    {
        await using var database = Open();
        await database.Store.PutAsync(StoredValues.Key(0), StoredValues.Text("kept"));
        var commits = database.Writer.Commits;

        var refuse = 1;
        using (await WriterGate.CloseAsync(database))
        {
            raw.sqlite3_commit_hook(database.Connection.Handle, _ => Volatile.Read(ref refuse), null);
        }

        Assert.All(await PutBatchAsync(database, 0, 10), result => Assert.Equal(StoreResult.StorageFailed, result));
        Assert.Equal(commits, database.Writer.Commits);
        Assert.Equal("kept", (await database.GetAsync(StoredValues.Key(0)))?.Value.AsString());

        Volatile.Write(ref refuse, 0);
        Assert.All(await PutBatchAsync(database, 5, 10), result => Assert.Equal(StoreResult.Stored, result));
        await AssertSameAfterReopeningAsync(database, 11);
    }

    [Fact]
    public async Task A_put_that_the_quota_refused_says_so_even_in_a_batch_that_failed()
    {
        await using var database = Open(StoreQuota.Unlimited with { TotalKeys = 2 });
        await database.ExecuteAsync(Broken);
        Assert.Equal(
            [StoreResult.StorageFailed, StoreResult.StorageFailed, StoreResult.TotalQuotaExceeded],
            await PutBatchAsync(database, 0, 3));

        // What failed takes no room.
        await database.ExecuteAsync(Repaired);
        Assert.Equal(
            [StoreResult.Stored, StoreResult.Stored, StoreResult.TotalQuotaExceeded],
            await PutBatchAsync(database, 3, 3));
    }

    [Fact]
    public async Task Several_puts_of_a_key_in_a_batch_that_failed_leave_the_value_before_them()
    {
        await using var database = Open();
        await database.Store.PutAsync(StoredValues.Key(1), StoredValues.Text("kept"));

        await database.ExecuteAsync(Broken);
        var results = await database.PutBatchAsync(
            Enumerable.Range(0, 9).Select(i => KeyValuePair.Create(StoredValues.Key(i % 3), StoredValues.Sized(i))));

        Assert.All(results, result => Assert.Equal(StoreResult.StorageFailed, result));
        Assert.Equal("kept", (await database.GetAsync(StoredValues.Key(1)))?.Value.AsString());
        Assert.Equal(new KeyStoreUsage(1, StoredValues.Text("kept").Footprint), await database.Store.GetUsageAsync());
    }

    [Fact]
    public async Task A_removal_that_fails_throws_names_the_file_and_removes_nothing()
    {
        await using var database = Open();
        await database.Store.PutAsync(StoredValues.Key(1), StoredValues.ExpiringAt(StoredValues.Now));

        await database.ExecuteAsync(Broken);
        var failure = await Assert.ThrowsAsync<KeyStoreException>(async () => await database.Store.RemoveExpiredAsync(StoredValues.Now));
        Assert.Contains($"'{Folder.DatabasePath}' cannot be written", failure.Message, StringComparison.Ordinal);
        Assert.Equal(1, (await database.Store.GetUsageAsync()).Keys);

        await database.ExecuteAsync(Repaired);
        Assert.Equal(1, await database.Store.RemoveExpiredAsync(StoredValues.Now));
    }

    [Fact]
    public async Task A_publication_whose_commit_failed_reports_it_and_leaves_the_one_before()
    {
        await using var database = Open();
        var publications = new SqlitePublicationStore(database);
        var kept = new Publication(DhtValue.FromString("kept"), StoredValues.Now);
        await publications.PutAsync(StoredValues.Key(1), kept);

        await database.ExecuteAsync(Broken);
        foreach (var key in new[] { StoredValues.Key(1), StoredValues.Key(2) })
        {
            Assert.Equal(StoreResult.StorageFailed, await publications.PutAsync(key, kept with { Value = DhtValue.FromString("lost") }));
        }

        await Assert.ThrowsAsync<KeyStoreException>(async () => await publications.RemoveAsync(StoredValues.Key(1)));
        await AssertKeptAsync(publications);

        await database.DisposeAsync();
        await using var again = Open();
        await AssertKeptAsync(new SqlitePublicationStore(again));

        async Task AssertKeptAsync(SqlitePublicationStore store)
        {
            Assert.Equal(kept, await store.GetAsync(StoredValues.Key(1)));
            Assert.Null(await store.GetAsync(StoredValues.Key(2)));
            Assert.Single(await store.ScanAsync().ToListAsync());
        }
    }

    [Fact]
    public async Task A_state_that_could_not_be_saved_leaves_the_one_before()
    {
        await using var database = Open();
        var states = database.States;
        await states.SaveAsync(NodeStates.WithContacts);

        await database.ExecuteAsync(Broken);
        await Assert.ThrowsAsync<KeyStoreException>(async () => await states.SaveAsync(NodeStates.WithoutContacts));
        NodeStates.AssertEqual(NodeStates.WithContacts, await states.LoadAsync());

        await database.ExecuteAsync(Repaired);
        await states.SaveAsync(NodeStates.WithoutContacts);
        NodeStates.AssertEqual(NodeStates.WithoutContacts, await states.LoadAsync());
    }

    /// <summary>Puts of 8,000 bytes each, in one batch.</summary>
    private static Task<StoreResult[]> PutBatchAsync(SqliteDatabase database, int first, int count) => database.PutBatchAsync(
        Enumerable.Range(first, count).Select(i => KeyValuePair.Create(StoredValues.Key(i), StoredValues.Sized(8000))));

    private async Task AssertSameAfterReopeningAsync(SqliteDatabase database, int keys)
    {
        var held = await database.ReadAllAsync();
        Assert.Equal(keys, held.Count);
        await database.DisposeAsync();

        await using var again = Open();
        Assert.Equal(held, await again.ReadAllAsync());
    }
}
