using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Tests.Storage;

/// <summary>A file that is refused is named, and stays as it is.</summary>
public sealed class RefusedFileTests : SqliteTests
{
    private static readonly StorageOptions Refusing = new(StoreQuota.Unlimited) { RefusesDamage = true };

    private const string Unreadable = "is damaged (segment 1 of its values is unreadable); ";

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

    [Theory]
    [InlineData(
        false,
        "PRAGMA journal_mode = WAL; CREATE TABLE note (text TEXT); INSERT INTO note VALUES ('mine')",
        "is the database of another application")]
    [InlineData(true, "PRAGMA user_version = 8", "has schema version 8, and this build reads and writes version 7 alone; ")]
    public async Task A_file_is_refused_for_what_is_in_its_log(bool isOurs, string sql, string what)
    {
        using (var elsewhere = new TemporaryFolder())
        {
            if (isOurs)
            {
                await StoreAsync(0, 10);
                File.Copy(Folder.DatabasePath, elsewhere.DatabasePath);
            }

            using var connection = Connect(elsewhere.DatabasePath);
            connection.Execute(sql);
            CopyFrom(elsewhere);
        }

        AssertRefused(what);
    }

    [Theory]
    [InlineData("PRAGMA user_version = 8", "has schema version 8, and this build reads and writes version 7 alone; run the build that wrote it, export it with that build, or choose ")]
    [InlineData("PRAGMA user_version = 5", "has schema version 5, and this build reads and writes version 7 alone; ")]
    [InlineData("PRAGMA user_version = 0", "is damaged (its schema version is unknown); ")]
    [InlineData("UPDATE segment SET number = 7", "is damaged (segment 7 of its values is unreadable); ")]
    [InlineData("INSERT INTO node (id) VALUES (x'01')", "is damaged (an id in table node has 1 bytes); ")]
    [InlineData(
        "INSERT INTO node (id) VALUES (zeroblob(20)); INSERT INTO contact (position, id, address, port) VALUES (0, zeroblob(20), zeroblob(16), 65536)",
        "is damaged (a contact is unreadable); ")]
    [InlineData("DROP TABLE contact; INSERT INTO node (id) VALUES (zeroblob(20))", "is damaged (a table is missing or altered); ")]
    [InlineData("DROP TABLE segment", "is damaged (a table is missing or altered); ")]
    [InlineData("UPDATE segment SET records = x''", Unreadable)]
    [InlineData("UPDATE segment SET records = x'02' || substr(records, 2)", Unreadable)]
    [InlineData("UPDATE segment SET records = substr(records, 1, length(records) - 1)", Unreadable)]
    [InlineData("UPDATE segment SET records = records || x'00'", Unreadable)]
    [InlineData("UPDATE segment SET records = CAST(substr(records, 1, 30) || x'00' || substr(records, 32) AS BLOB)", Unreadable)]
    [InlineData("UPDATE segment SET records = 1", Unreadable)]
    public async Task Content_that_this_release_does_not_write_is_refused(string alteration, string what)
    {
        await StoreAsync(0, 1);
        Alter(alteration);

        AssertRefused(what);
    }

    [Theory]
    [InlineData(0x07, 1)]
    [InlineData(0x05, 2)]
    [InlineData(0x06, StoreRules.MaxContentLength + 1)]
    public async Task A_publication_of_a_value_that_no_set_takes_is_refused(byte type, int length)
    {
        await StoreAsync(0, 1);
        Alter(
            "INSERT INTO publication (version, call_id, key, published_at, value, is_pending) VALUES (1, 0, zeroblob(20), 0, "
            + $"x'{type:x2}{new string('0', 2 * length)}', 0)");

        AssertRefused($"is damaged (the publication of key {new string('0', 40)} is unreadable); ");
    }

    [Theory]
    [InlineData(50, true)]
    [InlineData(3000, true)]
    [InlineData(4096, true)]
    [InlineData(40_000, true)]
    [InlineData(100, false)]
    [InlineData(4096, false)]
    [InlineData(8 * 4096, false)]
    public async Task A_database_that_is_cut_or_has_half_a_page_of_garbage_is_refused(int place, bool isCut)
    {
        await StoreAsync(0, 1000);
        Damage(place, isCut);

        AssertRefused("is damaged (");
    }

    [Fact]
    public void A_log_without_its_database_is_refused()
    {
        File.WriteAllText(Folder.LogPath, "changes");
        var before = Folder.Fingerprint();

        var refusal = Assert.Throws<KeyStoreException>(() => Open(Refusing));

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

        var refusal = Assert.Throws<KeyStoreException>(() => SqliteDatabase.Open(folder, new(StoreQuota.Unlimited)));

        Assert.StartsWith($"The data folder '{folder}' cannot be created", refusal.Message, StringComparison.Ordinal);
    }

    private void AssertRefused(string what)
    {
        var before = Folder.Fingerprint();

        var refusal = Assert.Throws<KeyStoreException>(() => Open(Refusing));

        Assert.StartsWith($"'{Folder.DatabasePath}' {what}", refusal.Message, StringComparison.Ordinal);
        Assert.EndsWith(".", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
        Assert.Equal(before, Folder.Fingerprint());

        // The refusal gives the folder up again: the next one is for the same reason.
        var again = Assert.Throws<KeyStoreException>(() => Open(Refusing));
        Assert.Equal(refusal.Message, again.Message);
    }

    private void CopyFrom(TemporaryFolder elsewhere)
    {
        File.Copy(elsewhere.DatabasePath, Folder.DatabasePath, overwrite: true);
        File.Copy(elsewhere.LogPath, Folder.LogPath);
    }

    private void Damage(int place, bool isCut)
    {
        using var file = File.OpenWrite(Folder.DatabasePath);
        Assert.True(file.Length > place + 2048);
        if (isCut)
        {
            file.SetLength(place);
        }
        else
        {
            file.Position = place;
            file.Write([.. Enumerable.Repeat((byte)0xA5, 2048)]);
        }
    }
}
