using KadOrleans.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace KadOrleans.Tests.Storage;

/// <summary>A file that is refused is named, and stays as it is.</summary>
public sealed class RefusedFileTests : SqliteTests
{
    [Theory]
    [InlineData("Dear diary, today I learned about distributed hash tables. They are tables, and distributed, and hashed, which is why.")]
    [InlineData("short")]
    [InlineData("SQLite format 2, which is not the same")]
    public void A_file_that_is_no_database_is_refused(string text)
    {
        File.WriteAllText(Folder.DatabasePath, text);

        AssertRefused("is not an SQLite database");
    }

    [Theory]
    [InlineData("PRAGMA application_id = 252006674", "0F055112")]
    [InlineData("CREATE TABLE note (text TEXT); INSERT INTO note VALUES ('mine')", "00000000")]
    public void A_database_of_another_application_is_refused(string sql, string id)
    {
        Alter(sql);

        AssertRefused($"is the database of another application (id {id})");
    }

    [Fact]
    public void A_foreign_database_with_changes_in_its_log_is_refused()
    {
        using (var elsewhere = new TemporaryFolder())
        using (var connection = Connect(elsewhere.DatabasePath))
        {
            connection.Execute("PRAGMA journal_mode = WAL; CREATE TABLE note (text TEXT); INSERT INTO note VALUES ('mine')");
            File.Copy(elsewhere.DatabasePath, Folder.DatabasePath);
            File.Copy(elsewhere.LogPath, Folder.LogPath);
        }

        AssertRefused("is the database of another application");
    }

    [Theory]
    [InlineData("PRAGMA user_version = 5", "was written by a newer release (schema 5, this one knows 4); run that release or choose ")]
    [InlineData("PRAGMA user_version = 3", "was written by a build before the first release (schema 3, this one knows 4); export it with that build, or ")]
    [InlineData("PRAGMA user_version = 0", "is damaged (its schema version is unknown); ")]
    [InlineData("UPDATE segment SET number = 7", "is damaged (segment 7 of its values is unreadable); ")]
    [InlineData("INSERT INTO node (id) VALUES (x'01')", "is damaged (an id in table node has 1 bytes); ")]
    [InlineData(
        "INSERT INTO node (id) VALUES (zeroblob(20)); INSERT INTO contact VALUES (0, zeroblob(20), zeroblob(16), 65536)",
        "is damaged (a contact is unreadable); ")]
    [InlineData("DROP TABLE contact; INSERT INTO node (id) VALUES (zeroblob(20))", "is damaged (a table is missing or altered); ")]
    [InlineData("DROP TABLE segment", "is damaged (a table is missing or altered); ")]
    public async Task Content_that_this_release_does_not_write_is_refused(string alteration, string what)
    {
        await CreateAsync(10);
        Alter(alteration);

        AssertRefused(what);
    }

    [Fact]
    public async Task A_newer_schema_that_is_still_in_the_log_is_refused()
    {
        await CreateAsync(10);
        using (var elsewhere = new TemporaryFolder())
        {
            File.Copy(Folder.DatabasePath, elsewhere.DatabasePath);
            using var connection = Connect(elsewhere.DatabasePath);
            connection.Execute("PRAGMA user_version = 7");
            File.Copy(elsewhere.DatabasePath, Folder.DatabasePath, overwrite: true);
            File.Copy(elsewhere.LogPath, Folder.LogPath);
        }

        AssertRefused("was written by a newer release (schema 7, this one knows 4)");
    }

    [Theory]
    [InlineData(50)]
    [InlineData(3000)]
    [InlineData(4096)]
    [InlineData(40_000)]
    public async Task A_truncated_database_is_refused(int length)
    {
        await CreateAsync(1000);
        using (var file = File.OpenWrite(Folder.DatabasePath))
        {
            Assert.True(file.Length > length);
            file.SetLength(length);
        }

        AssertRefused("is damaged (");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(9)]
    public async Task A_database_with_a_page_of_garbage_is_refused(int page)
    {
        await CreateAsync(1000);
        OverwritePage(page);

        AssertRefused("is damaged (");
    }

    [Fact]
    public async Task A_damaged_database_with_changes_in_its_log_is_refused()
    {
        await CreateAsync(1000);
        using (var elsewhere = new TemporaryFolder())
        {
            File.Copy(Folder.DatabasePath, elsewhere.DatabasePath);
            await using var database = SqliteDatabase.Open(elsewhere.Path, StoreQuota.Unlimited);
            await database.Store.PutAsync(StoredValues.Key(5000), StoredValues.Text("in the log"));
            File.Copy(elsewhere.DatabasePath, Folder.DatabasePath, overwrite: true);
            File.Copy(elsewhere.LogPath, Folder.LogPath);
        }

        OverwritePage(9);
        AssertRefused("is damaged (");
    }

    [Theory]
    [InlineData("UPDATE segment SET records = x''")]
    [InlineData("UPDATE segment SET records = x'02' || substr(records, 2)")]
    [InlineData("UPDATE segment SET records = substr(records, 1, length(records) - 1)")]
    [InlineData("UPDATE segment SET records = records || x'00'")]
    [InlineData("UPDATE segment SET records = CAST(substr(records, 1, 30) || x'00' || substr(records, 32) AS BLOB)")]
    [InlineData("UPDATE segment SET records = 1")]
    public async Task A_database_with_a_damaged_segment_is_refused(string alteration)
    {
        await CreateAsync(1);
        Alter(alteration);

        AssertRefused("is damaged (segment 1 of its values is unreadable); ");
    }

    [Fact]
    public void A_log_without_its_database_is_refused()
    {
        File.WriteAllText(Folder.LogPath, "changes");
        var before = Folder.Fingerprint();

        var refusal = Assert.Throws<KeyStoreException>(() => Open(onDamage: DamagePolicy.Refuse));

        Assert.StartsWith($"'{Folder.LogPath}' holds changes of a database that is missing", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(before, Folder.Fingerprint());
    }

    [Fact]
    public void A_folder_in_place_of_the_file_is_refused()
    {
        Directory.CreateDirectory(Folder.DatabasePath);

        AssertRefused("cannot be opened (");
    }

    [Fact]
    public void A_data_folder_that_cannot_be_created_is_named()
    {
        File.WriteAllText(Path.Combine(Folder.Path, "file"), "not a folder");
        var folder = Path.Combine(Folder.Path, "file", "data");

        var refusal = Assert.Throws<KeyStoreException>(() => SqliteDatabase.Open(folder, StoreQuota.Unlimited));

        Assert.StartsWith($"The data folder '{folder}' cannot be created", refusal.Message, StringComparison.Ordinal);
    }

    private void AssertRefused(string what)
    {
        var before = Folder.Fingerprint();

        var refusal = Assert.Throws<KeyStoreException>(() => Open(onDamage: DamagePolicy.Refuse));

        Assert.StartsWith($"'{Folder.DatabasePath}' {what}", refusal.Message, StringComparison.Ordinal);
        Assert.EndsWith(".", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
        Assert.Equal(before, Folder.Fingerprint());

        // The refusal gives the folder up again: the next one is for the same reason.
        var again = Assert.Throws<KeyStoreException>(() => Open(onDamage: DamagePolicy.Refuse));
        Assert.Equal(refusal.Message, again.Message);
    }

    private async Task CreateAsync(int keys)
    {
        await using var database = Open();
        await Task.WhenAll(Enumerable.Range(0, keys).Select(
            i => database.Store.PutAsync(StoredValues.Key(i), StoredValues.Sized(64)).AsTask()));
    }

    private void Alter(string sql)
    {
        using var connection = Connect(Folder.DatabasePath);
        connection.Execute(sql);
    }

    private void OverwritePage(int page)
    {
        const int PageSize = 4096;
        var garbage = new byte[PageSize / 2];
        Array.Fill(garbage, (byte)0xA5);
        using var file = File.OpenWrite(Folder.DatabasePath);
        file.Position = ((page - 1) * PageSize) + (page == 1 ? 100 : 0);
        Assert.True(file.Length > file.Position + garbage.Length);
        file.Write(garbage);
    }

    private static SqliteConnection Connect(string path)
    {
        SQLitePCL.Batteries_V2.Init();
        var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        return connection;
    }
}
