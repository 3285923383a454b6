using KadOrleans.Storage.Sqlite;
using SQLitePCL;

namespace KadOrleans.Tests.Storage;

public sealed class FailedCommitTests : SqliteTests
{
    private const string Full = "PRAGMA max_page_count = 1";
    private const string Roomy = "PRAGMA max_page_count = 1073741823";
    private const string Broken = "PRAGMA query_only = ON";
    private const string Repaired = "PRAGMA query_only = OFF";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_full_disk_or_a_commit_that_fails_itself_fails_the_puts_of_the_batch_and_no_others(bool isFull)
    {
        await using var database = Open();
        var refuse = 0;
        using (await WriterGate.CloseAsync(database))
        {
            raw.sqlite3_commit_hook(database.Connection.Handle, _ => Volatile.Read(ref refuse), null);
        }

        var kept = StoredValues.Text("kept");
        await database.Store.PutAsync(StoredValues.Key(1), kept);
        Assert.Null(database.Store.Problem);
        var (usage, commits) = (await database.Store.GetUsageAsync(), database.Writer.Commits);

        await SetAsync(isBroken: true);
        Assert.All(await PutBatchAsync(database, 1, 20), result => Assert.Equal(StoreResult.StorageFailed, result));
        Assert.Contains($"'{Folder.DatabasePath}' cannot be written", database.Store.Problem, StringComparison.Ordinal);
        Assert.Equal((usage, commits), (await database.Store.GetUsageAsync(), database.Writer.Commits));
        Assert.Equal(kept, await database.GetAsync(StoredValues.Key(1)));
        Assert.Null(await database.GetAsync(StoredValues.Key(2)));

        await SetAsync(isBroken: false);
        Assert.All(await PutBatchAsync(database, 10, 20), result => Assert.Equal(StoreResult.Stored, result));
        var held = await database.ReadAllAsync();
        Assert.Equal(21, held.Count);
        await database.DisposeAsync();
        await using var again = Open();
        Assert.Equal(held, await again.ReadAllAsync());

        Task SetAsync(bool isBroken)
        {
            Volatile.Write(ref refuse, isBroken && !isFull ? 1 : 0);
            return isFull ? database.ExecuteAsync(isBroken ? Full : Roomy) : Task.CompletedTask;
        }
    }

    [Fact]
    public async Task A_key_that_a_damaged_disk_lost_stays_lost_until_a_value_or_its_removal_is_on_the_disk()
    {
        await StoreAsync(1, 10);
        Alter(FlipLast);
        await using var database = Open();
        Assert.Equal(10, database.LostKeys.Count);

        await database.ExecuteAsync(Broken);
        Task<StoreResult> put;
        Task<bool> removal;
        using (await WriterGate.CloseAsync(database))
        {
            // Of one batch.
            put = database.Store.PutAsync(StoredValues.Key(1), StoredValues.Text("new")).AsTask();
            removal = database.Store.RemoveAsync(StoredValues.Key(3)).AsTask();
        }

        Assert.Equal(StoreResult.StorageFailed, await put);
        await Assert.ThrowsAsync<KeyStoreException>(() => removal);
        Assert.True(database.Store.IsLost(StoredValues.Key(1)));
        Assert.True(database.Store.IsLost(StoredValues.Key(3)));
        Assert.Equal(10, database.LostKeys.Count);

        await database.ExecuteAsync(Repaired);
        Assert.All(await PutBatchAsync(database, 1, 2), result => Assert.Equal(StoreResult.Stored, result));
        Assert.False(await database.Store.RemoveAsync(StoredValues.Key(3)));
        Assert.Equal(Enumerable.Range(4, 7).Select(StoredValues.Key).Order(), database.LostKeys.Order());
    }

    [Fact]
    public async Task A_put_that_the_quota_refused_says_so_even_in_a_batch_that_failed()
    {
        await using var database = Open(new(StoreQuota.Unlimited with { TotalKeys = 2 }));
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
    public async Task A_removal_a_publication_and_a_state_that_could_not_be_written_leave_what_was_before()
    {
        await using var database = Open();
        var (publications, states) = (new SqlitePublicationStore(database), database.States);
        var kept = new Publication(DhtValue.FromString("kept"), StoredValues.Now);
        await publications.PutAsync(StoredValues.Key(1), kept);
        await states.SaveAsync(NodeStates.WithContacts);
        await database.Store.PutAsync(StoredValues.Key(1), StoredValues.ExpiringAt(StoredValues.Now));

        await database.ExecuteAsync(Broken);
        foreach (var key in new[] { StoredValues.Key(1), StoredValues.Key(2) })
        {
            Assert.Equal(StoreResult.StorageFailed, await publications.PutAsync(key, kept with { Value = DhtValue.FromString("lost") }));
        }

        await Assert.ThrowsAsync<KeyStoreException>(async () => await publications.RemoveAsync(StoredValues.Key(1)));
        await Assert.ThrowsAsync<KeyStoreException>(async () => await states.SaveAsync(NodeStates.WithoutContacts));
        var failure = await Assert.ThrowsAsync<KeyStoreException>(async () => await database.Store.RemoveExpiredAsync(StoredValues.Now));
        Assert.Contains($"'{Folder.DatabasePath}' cannot be written", failure.Message, StringComparison.Ordinal);
        await AssertKeptAsync(database);

        await database.DisposeAsync();
        await using var again = Open();
        await AssertKeptAsync(again);
        Assert.Equal(1, await again.Store.RemoveExpiredAsync(StoredValues.Now));

        async Task AssertKeptAsync(SqliteDatabase held)
        {
            Assert.Equal(1, (await held.Store.GetUsageAsync()).Keys);
            NodeStates.AssertEqual(NodeStates.WithContacts, await held.States.LoadAsync());
            Assert.Equal(
                KeyValuePair.Create(StoredValues.Key(1), kept), Assert.Single(await new SqlitePublicationStore(held).ScanAsync().ToListAsync()));
        }
    }

    /// <summary>Puts of 8,000 bytes each, in one batch.</summary>
    private static Task<StoreResult[]> PutBatchAsync(SqliteDatabase database, int first, int count) => database.PutBatchAsync(
        Enumerable.Range(first, count).Select(i => KeyValuePair.Create(StoredValues.Key(i), StoredValues.Sized(8000))));
}
