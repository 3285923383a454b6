using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;
using KadOrleans.PortContracts;
using KadOrleans.SqliteFiles;
using KadOrleans.Testing;
using SQLitePCL;

namespace KadOrleans.Storage.Sqlite.Tests.Writing;

public sealed class FailedCommitTests : IDisposable
{
    private const string Full = "PRAGMA max_page_count = 1";
    private const string Roomy = "PRAGMA max_page_count = 1073741823";
    private const string Broken = "PRAGMA query_only = ON";
    private const string Repaired = "PRAGMA query_only = OFF";

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task A_full_disk_fails_the_puts_of_the_batch_and_no_others()
    {
        await using var database = SqliteDatabase.Open(_folder.Path, StoreQuota.Unlimited);
        await using var store = new SqliteKeyStore(database);
        var kept = StoredValues.Text("kept");
        await store.PutAsync(StoredValues.Key(1), kept);
        Assert.Null(store.Problem);
        var usage = await store.GetUsageAsync();

        await SetAsync(database, Full);
        Assert.All(await PutBatchAsync(database, store, 1, 20), result => Assert.Equal(StoreResult.StorageFailed, result));
        Assert.Contains($"'{_folder.DatabasePath}' cannot be written", store.Problem, StringComparison.Ordinal);
        Assert.Equal(usage, await store.GetUsageAsync());
        Assert.Equal(kept, await store.GetAsync(StoredValues.Key(1), StoredValues.Now));
        Assert.Null(await store.GetAsync(StoredValues.Key(2), StoredValues.Now));

        await SetAsync(database, Roomy);
        Assert.All(await PutBatchAsync(database, store, 10, 20), result => Assert.Equal(StoreResult.Stored, result));
        await AssertSameAfterReopeningAsync(database, store, 21);
    }

    [Fact]
    public async Task A_commit_that_fails_itself_takes_the_whole_batch_back()
    {
        await using var database = SqliteDatabase.Open(_folder.Path, StoreQuota.Unlimited);
        await using var store = new SqliteKeyStore(database);
        await store.PutAsync(StoredValues.Key(0), StoredValues.Text("kept"));
        var commits = database.Writer.Commits;

        var refuse = 1;
        using (await WriterGate.CloseAsync(database))
        {
            raw.sqlite3_commit_hook(database.Connection.Handle, _ => Volatile.Read(ref refuse), null);
        }

        Assert.All(await PutBatchAsync(database, store, 0, 10), result => Assert.Equal(StoreResult.StorageFailed, result));
        Assert.Equal(commits, database.Writer.Commits);
        Assert.Equal("kept", (await store.GetAsync(StoredValues.Key(0), StoredValues.Now))?.Value.AsString());

        Volatile.Write(ref refuse, 0);
        Assert.All(await PutBatchAsync(database, store, 5, 10), result => Assert.Equal(StoreResult.Stored, result));
        await AssertSameAfterReopeningAsync(database, store, 11);
    }

    [Fact]
    public async Task A_put_that_the_quota_refused_says_so_even_in_a_batch_that_failed()
    {
        await using var database = SqliteDatabase.Open(_folder.Path, StoreQuota.Unlimited with { TotalKeys = 2 });
        await using var store = new SqliteKeyStore(database);

        await SetAsync(database, Broken);
        Assert.Equal(
            [StoreResult.StorageFailed, StoreResult.StorageFailed, StoreResult.TotalQuotaExceeded],
            await PutBatchAsync(database, store, 0, 3));

        // What failed takes no room.
        await SetAsync(database, Repaired);
        Assert.Equal(
            [StoreResult.Stored, StoreResult.Stored, StoreResult.TotalQuotaExceeded],
            await PutBatchAsync(database, store, 3, 3));
    }

    [Fact]
    public async Task Several_puts_of_a_key_in_a_batch_that_failed_leave_the_value_before_them()
    {
        await using var database = SqliteDatabase.Open(_folder.Path, StoreQuota.Unlimited);
        await using var store = new SqliteKeyStore(database);
        await store.PutAsync(StoredValues.Key(1), StoredValues.Text("kept"));

        await SetAsync(database, Broken);
        var gate = await WriterGate.CloseAsync(database);
        var puts = Enumerable.Range(0, 9)
            .Select(i => store.PutAsync(StoredValues.Key(i % 3), StoredValues.Sized(i)).AsTask()).ToList();
        gate.Dispose();

        Assert.All(await Task.WhenAll(puts), result => Assert.Equal(StoreResult.StorageFailed, result));
        Assert.Equal("kept", (await store.GetAsync(StoredValues.Key(1), StoredValues.Now))?.Value.AsString());
        Assert.Equal(new KeyStoreUsage(1, StoredValues.Text("kept").Footprint), await store.GetUsageAsync());
    }

    [Fact]
    public async Task A_removal_that_fails_throws_names_the_file_and_removes_nothing()
    {
        await using var database = SqliteDatabase.Open(_folder.Path, StoreQuota.Unlimited);
        await using var store = new SqliteKeyStore(database);
        await store.PutAsync(StoredValues.Key(1), StoredValues.ExpiringAt(StoredValues.Now));

        await SetAsync(database, Broken);
        var failure = await Assert.ThrowsAsync<KeyStoreException>(async () => await store.RemoveExpiredAsync(StoredValues.Now));
        Assert.Contains($"'{_folder.DatabasePath}' cannot be written", failure.Message, StringComparison.Ordinal);
        Assert.Equal(1, (await store.GetUsageAsync()).Keys);

        await SetAsync(database, Repaired);
        Assert.Equal(1, await store.RemoveExpiredAsync(StoredValues.Now));
    }

    [Fact]
    public async Task A_state_that_could_not_be_saved_leaves_the_one_before()
    {
        await using var database = SqliteDatabase.Open(_folder.Path, StoreQuota.Unlimited);
        var store = new SqliteNodeStateStore(database);
        await store.SaveAsync(NodeStates.WithContacts);

        await SetAsync(database, Broken);
        await Assert.ThrowsAsync<KeyStoreException>(async () => await store.SaveAsync(NodeStates.WithoutContacts));
        NodeStates.AssertEqual(NodeStates.WithContacts, await store.LoadAsync());

        await SetAsync(database, Repaired);
        await store.SaveAsync(NodeStates.WithoutContacts);
        NodeStates.AssertEqual(NodeStates.WithoutContacts, await store.LoadAsync());
    }

    public void Dispose() => _folder.Dispose();

    private static async Task SetAsync(SqliteDatabase database, string pragma)
    {
        using var gate = await WriterGate.CloseAsync(database);
        database.Connection.Execute(pragma);
    }

    /// <summary>Puts of 8,000 bytes each, in one batch.</summary>
    private static async Task<StoreResult[]> PutBatchAsync(SqliteDatabase database, SqliteKeyStore store, int first, int count)
    {
        var gate = await WriterGate.CloseAsync(database);
        var puts = Enumerable.Range(first, count)
            .Select(i => store.PutAsync(StoredValues.Key(i), StoredValues.Sized(8000)).AsTask()).ToList();
        gate.Dispose();
        return await Task.WhenAll(puts);
    }

    private async Task AssertSameAfterReopeningAsync(SqliteDatabase database, SqliteKeyStore store, int keys)
    {
        var held = await store.ScanAsync().ToDictionaryAsync(entry => entry.Key, entry => entry.Value);
        Assert.Equal(keys, held.Count);
        await database.DisposeAsync();

        await using var again = SqliteDatabase.Open(_folder.Path, StoreQuota.Unlimited);
        Assert.Equal(held, await again.ReadAllAsync());
    }
}
