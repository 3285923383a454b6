using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Tests.Storage;

/// <summary>The highest version that a node gave is in its file: also that of a deleted key, and of a publication.</summary>
public sealed class VersionRowTests : SqliteTests
{
    private static readonly NodeId Key = StoredValues.Key(1);
    private static readonly DateTimeOffset Ahead = StoredValues.Now.AddHours(1);

    [Fact]
    public async Task After_a_restart_with_a_clock_that_was_set_back_it_rises()
    {
        long deleted;
        await using (var database = Open())
        {
            await database.Store.PutAsync(Key, StoredValues.Text("1") with { StoredAt = Ahead });
            deleted = (await database.Store.GetAsync(Key, Ahead))!.Version;
            Assert.True(await database.Store.RemoveAsync(Key));
        }

        await using var again = Open();
        Assert.Equal(StoreResult.Stored, await again.Store.PutAsync(Key, StoredValues.Text("1")));
        Assert.InRange((await again.Store.GetAsync(Key, StoredValues.Now))!.Version, deleted + 1, long.MaxValue);
    }

    [Fact]
    public async Task A_version_of_a_publication_is_in_the_file_with_it()
    {
        long given;
        await using (var database = Open())
        {
            given = database.Store.NextVersion(Ahead);
            await new SqlitePublicationStore(database).PutAsync(Key, new Publication(DhtValue.FromInteger(1), Ahead) { Version = given, CallId = 3 });
        }

        await using var again = Open();
        var read = (await new SqlitePublicationStore(again).GetAsync(Key))!;
        Assert.Equal((given, 3), (read.Version, read.CallId));
        Assert.InRange(again.Store.NextVersion(StoredValues.Now), given + 1, long.MaxValue);
    }

    [Fact]
    public async Task Only_the_version_that_was_read_is_removed()
    {
        await using var database = Open();
        await database.Store.PutAsync(Key, StoredValues.Text("1"));
        var version = (await database.Store.GetAsync(Key, StoredValues.Now))!.Version;
        Assert.False(await database.Store.RemoveIfAsync(Key, version - 1));
        Assert.True(await database.Store.RemoveIfAsync(Key, version));
        Assert.False(await database.Store.RemoveIfAsync(Key, version));
    }
}
