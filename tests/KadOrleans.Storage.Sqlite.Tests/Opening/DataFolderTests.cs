using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;
using KadOrleans.PortContracts;
using KadOrleans.SqliteFiles;
using KadOrleans.Testing;

namespace KadOrleans.Storage.Sqlite.Tests.Opening;

public sealed class DataFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task A_missing_folder_is_created()
    {
        var folder = Path.Combine(_folder.Path, "a", "b");

        await using var database = SqliteDatabase.Open(folder, StoreQuota.Unlimited);

        Assert.Equal(Path.Combine(folder, "kad.db"), database.Path);
        Assert.True(File.Exists(database.Path));
    }

    [Fact]
    public async Task An_empty_file_is_a_new_database()
    {
        File.WriteAllBytes(_folder.DatabasePath, []);

        await using (var database = SqliteDatabase.Open(_folder.Path, StoreQuota.Unlimited))
        await using (var store = new SqliteKeyStore(database))
        {
            Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(1), StoredValues.Text("first")));
        }

        await using var again = SqliteDatabase.Open(_folder.Path, StoreQuota.Unlimited);
        Assert.Equal(1, again.Values.GetUsage().Keys);
    }

    [Fact]
    public async Task One_file_is_left_after_disposal()
    {
        await using (var database = SqliteDatabase.Open(_folder.Path, StoreQuota.Unlimited))
        await using (var store = new SqliteKeyStore(database))
        {
            await store.PutAsync(StoredValues.Key(1), StoredValues.Text("first"));
        }

        Assert.Equal(["kad.db"], _folder.Fingerprint().Keys);
    }

    [Fact]
    public async Task Opening_and_closing_changes_nothing_in_the_file()
    {
        await using (var database = SqliteDatabase.Open(_folder.Path, StoreQuota.Unlimited))
        await using (var store = new SqliteKeyStore(database))
        {
            await store.PutAsync(StoredValues.Key(1), StoredValues.Text("first"));
        }

        var before = _folder.Fingerprint();
        await using (SqliteDatabase.Open(_folder.Path, StoreQuota.Unlimited))
        {
        }

        Assert.Equal(before, _folder.Fingerprint());
    }

    [Fact]
    public async Task Commits_wait_for_the_disk_and_survive_in_the_log()
    {
        await using var database = SqliteDatabase.Open(_folder.Path, StoreQuota.Unlimited);

        const int Full = 2;
        Assert.Equal(Full, database.Connection.QueryInteger("PRAGMA synchronous"));
        Assert.Equal("wal", database.Connection.QueryText("PRAGMA journal_mode"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/../{0}")]
    public async Task A_folder_is_opened_once_at_a_time_within_a_process(string variation)
    {
        var sameFolder = _folder.Path + variation.Replace("{0}", Path.GetFileName(_folder.Path), StringComparison.Ordinal);
        await using (SqliteDatabase.Open(_folder.Path, StoreQuota.Unlimited))
        {
            var refusal = Assert.Throws<KeyStoreException>(() => SqliteDatabase.Open(sameFolder, StoreQuota.Unlimited));
            Assert.Equal(
                $"The data folder '{_folder.Path}' is in use by another node; stop that node or choose another data folder.",
                refusal.Message);
        }

        await using var again = SqliteDatabase.Open(sameFolder, StoreQuota.Unlimited);
        Assert.Equal(_folder.DatabasePath, again.Path);
    }

    [Fact]
    public async Task Closing_twice_is_fine()
    {
        var database = SqliteDatabase.Open(_folder.Path, StoreQuota.Unlimited);
        var store = new SqliteKeyStore(database);

        await database.DisposeAsync();
        await database.DisposeAsync();
        await store.DisposeAsync();

        var states = new SqliteNodeStateStore(database);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await states.LoadAsync());
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await states.SaveAsync(NodeStates.WithContacts));
    }

    public void Dispose() => _folder.Dispose();
}
