using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Tests.Storage;

public sealed class DamagedSegmentTests : SqliteTests
{
    // The key begins behind the header of the segment and the type of the record.
    private const string FlipKey =
        "UPDATE segment SET records = CAST(substr(records, 1, 10) || x'FF' || substr(records, 12) AS BLOB) WHERE number = (SELECT max(number) FROM segment)";

    private string Aside => Folder.DatabasePath + ".damaged-1";

    [Fact]
    public async Task The_other_values_the_publications_and_the_state_are_there_and_the_bytes_are_set_aside()
    {
        await StoreAsync(1, 200);
        await using (var database = Open())
        {
            await database.States.SaveAsync(NodeStates.WithContacts);
            await new SqlitePublicationStore(database).PutAsync(StoredValues.Key(99), new Publication(DhtValue.FromInteger(9), StoredValues.Now));
        }

        // Fewer: they are not merged with those before them.
        await StoreAsync(300, 10);
        Alter(FlipLast);

        await using (var database = Open())
        {
            Assert.Equal(200, database.Keys);
            Assert.Equal(
                Enumerable.Range(300, 10).Select(StoredValues.Key).Order(), database.LostKeys.Order());
            NodeStates.AssertEqual(NodeStates.WithContacts, await database.States.LoadAsync());
            Assert.NotNull(await new SqlitePublicationStore(database).GetAsync(StoredValues.Key(99)));
            Assert.Contains("10 keys are known to be lost, 200 are left", database.Damage, StringComparison.Ordinal);
            Assert.Contains($"'{Aside}'", database.Damage, StringComparison.Ordinal);
            Assert.True(new FileInfo(Aside).Length > 10 * 64);
        }

        await using var again = Open();
        Assert.Null(again.Damage);
        Assert.Equal(200, again.Keys);
    }

    [Theory]
    [InlineData(FlipLast)]
    [InlineData(FlipKey)]
    public async Task A_key_does_not_fall_back_to_an_older_value_even_if_it_is_damaged_itself(string damage)
    {
        await StoreAsync(1, 200);
        await using (var database = Open())
        {
            await database.Store.PutAsync(StoredValues.Key(5), StoredValues.Text("newer"));
        }

        Alter(damage);

        for (var start = 0; start < 2; start++)
        {
            await using var database = Open();
            Assert.Null(await database.GetAsync(StoredValues.Key(5)));
            Assert.Equal(199, database.Keys);
        }
    }

    [Fact]
    public async Task Damaged_bytes_are_never_overwritten_and_the_ninth_time_the_file_is_refused()
    {
        await StoreAsync(1, 20);
        for (var time = 1; time <= 8; time++)
        {
            await StoreAsync(100 * time, 10);
            Alter(FlipLast);
            await using var database = Open();
            Assert.True(File.Exists($"{Folder.DatabasePath}.damaged-{time}"));
        }

        await StoreAsync(5000, 10);
        Alter(FlipLast);
        var before = Folder.Fingerprint();

        Assert.Contains("are there already; move them away", Assert.Throws<KeyStoreException>(() => Open()).Message, StringComparison.Ordinal);
        Assert.Equal(before, Folder.Fingerprint());
    }

    [Theory]
    [InlineData("INSERT INTO node (id) VALUES (x'01')", "the node's id")]
    [InlineData("INSERT INTO node (id) VALUES (zeroblob(20)); INSERT INTO contact (position, id, address, port) VALUES (0, zeroblob(20), zeroblob(16), 65536)", "1 contacts")]
    [InlineData("INSERT INTO publication VALUES (zeroblob(20), 0, x'63', 0, 1, 0)", "1 publications")]
    [InlineData("INSERT INTO publication VALUES (x'01', 0, x'06', 0, 1, 0)", "1 publications")]
    [InlineData("INSERT INTO publication VALUES (zeroblob(20), 0, x'0661', 0, -1, 0)", "1 publications")]
    public async Task What_is_unreadable_elsewhere_is_left_out(string alteration, string what)
    {
        await StoreAsync(1, 20);
        Alter(alteration);
        await using (var database = Open())
        {
            Assert.Contains(what, database.Damage, StringComparison.Ordinal);
            Assert.Equal(20, database.Keys);
        }

        await using var again = Open();
        Assert.Null(again.Damage);
    }

    [Fact]
    public async Task A_segment_that_is_damaged_while_the_file_is_open_is_written_again_from_memory()
    {
        await using (var database = Open())
        {
            await Task.WhenAll(Enumerable.Range(1, 200).Select(i => database.Store.PutAsync(StoredValues.Key(i), StoredValues.Sized(64)).AsTask()));
            await database.ExecuteAsync(FlipLast);
            await database.States.SaveAsync(NodeStates.WithContacts);
        }

        await using var again = Open();
        Assert.Null(again.Damage);
        Assert.Equal(200, again.Keys);
    }

    [Fact]
    public async Task What_was_evicted_does_not_come_back_after_its_removal_was_damaged_while_the_file_is_open()
    {
        var quota = StoreQuota.Unlimited with { TotalKeys = 200 };
        await StoreAsync(1, 200, StoredValues.Alice);
        await using (var database = Open(new(quota)))
        {
            await database.Store.PutAsync(StoredValues.Key(300), StoredValues.Sized(64, StoredValues.Bob));
            Assert.Equal(new StoreTurnover(0, 1, 0), database.Store.Turnover);
            await database.ExecuteAsync(FlipLast);
            await database.States.SaveAsync(NodeStates.WithContacts);
            Assert.Equal(200, database.Keys);
        }

        await using var again = Open();
        Assert.Null(again.Damage);
        Assert.Equal(200, again.Keys);
        Assert.NotNull(await again.GetAsync(StoredValues.Key(300)));
    }

    [Fact]
    public async Task A_rebuilding_that_a_crash_interrupted_is_ended()
    {
        await StoreAsync(1, 20);
        File.Move(Folder.DatabasePath, Folder.DatabasePath + ".rebuilt");
        await File.WriteAllTextAsync(Folder.LogPath, "the log of the damaged file");

        await using var database = Open();
        Assert.Equal(20, database.Keys);
        Assert.Equal("the log of the damaged file", await File.ReadAllTextAsync(Folder.DatabasePath + ".damaged-1-wal"));
    }

    [Fact]
    public async Task A_copy_that_a_crash_left_unfinished_is_never_taken_for_the_database()
    {
        await StoreAsync(1, 20);
        var whole = await File.ReadAllBytesAsync(Folder.DatabasePath);
        await File.WriteAllBytesAsync(Folder.DatabasePath + ".rebuilt.partial", whole[..(whole.Length / 2)]);
        File.Delete(Folder.DatabasePath);

        await using var database = Open();
        Assert.Equal(0, database.Keys);
    }
}
