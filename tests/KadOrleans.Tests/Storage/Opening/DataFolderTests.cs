using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Tests.Storage;

public sealed class DataFolderTests : SqliteTests
{
    [Fact]
    public async Task An_empty_file_is_a_new_database()
    {
        File.WriteAllBytes(Folder.DatabasePath, []);

        await using (var database = Open())
        {
            Assert.Equal(StoreResult.Stored, await database.Store.PutAsync(StoredValues.Key(1), StoredValues.Text("first")));
        }

        await using var again = Open();
        Assert.Equal(1, again.Values.GetUsage().Keys);
    }

    [Fact]
    public async Task A_missing_folder_is_created_with_one_file_that_opening_and_closing_does_not_change()
    {
        Folder.Dispose();
        await using (var database = Open())
        {
            Assert.Equal(Folder.DatabasePath, database.Path);
            await database.Store.PutAsync(StoredValues.Key(1), StoredValues.Text("first"));
        }

        var before = Folder.Fingerprint();
        Assert.Equal(["kad.db"], before.Keys);
        await using (Open())
        {
        }

        Assert.Equal(before, Folder.Fingerprint());
    }

    [Fact]
    public async Task Commits_wait_for_the_disk_and_survive_in_the_log()
    {
        await using var database = Open();

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
        var sameFolder = Folder.Path + variation.Replace("{0}", Path.GetFileName(Folder.Path), StringComparison.Ordinal);
        await using (Open())
        {
            var refusal = Assert.Throws<KeyStoreException>(() => SqliteDatabase.Open(sameFolder, new(StoreQuota.Unlimited)));
            Assert.Equal(
                $"The data folder '{Folder.Path}' is in use by another node; stop that node or choose another data folder.",
                refusal.Message);
        }

        await using var again = SqliteDatabase.Open(sameFolder, new(StoreQuota.Unlimited));
        Assert.Equal(Folder.DatabasePath, again.Path);
    }

    [Fact]
    public async Task Closing_twice_is_fine()
    {
        var database = Open();

        await database.DisposeAsync();
        await database.DisposeAsync();
        await database.Store.DisposeAsync();

        var states = database.States;
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await states.LoadAsync());
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await states.SaveAsync(NodeStates.WithContacts));
    }
}
