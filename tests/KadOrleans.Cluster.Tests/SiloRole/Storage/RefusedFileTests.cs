using KadOrleans.GrainStorage.Sqlite;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A file that is refused is named, and stays as it is.</summary>
public sealed class RefusedFileTests : IDisposable
{
    private readonly SqliteFolder _folder = new();

    [Fact]
    public void A_file_that_is_no_database_is_refused()
    {
        File.WriteAllText(_folder.DatabasePath, "Dear diary");

        AssertRefused("is not an SQLite database");
    }

    [Fact]
    public void A_database_of_another_application_is_refused()
    {
        _folder.Alter("CREATE TABLE note (text TEXT); PRAGMA application_id = 252006674");

        AssertRefused("is the database of another application (id 0F055112)");
    }

    [Fact]
    public async Task A_database_of_a_newer_release_is_refused()
    {
        await CreateAsync();
        _folder.Alter("PRAGMA user_version = 2");

        AssertRefused("was written by a newer release (schema 2, this one knows 1)");
    }

    [Fact]
    public async Task A_database_without_its_table_is_refused()
    {
        await CreateAsync();
        _folder.Alter("DROP TABLE grain_state");

        AssertRefused("a table is missing or altered");
    }

    [Fact]
    public async Task A_database_with_a_page_of_noise_is_refused()
    {
        await CreateAsync();
        var bytes = await File.ReadAllBytesAsync(_folder.DatabasePath);
        bytes.AsSpan(4096, 4096).Fill(0xA5);
        await File.WriteAllBytesAsync(_folder.DatabasePath, bytes);

        AssertRefused("is damaged");
    }

    [Fact]
    public async Task A_truncated_database_is_refused()
    {
        await CreateAsync();
        await using (var stream = File.OpenWrite(_folder.DatabasePath))
        {
            stream.SetLength(50);
        }

        AssertRefused("it ends within its header");
    }

    [Fact]
    public void A_log_whose_database_is_missing_is_refused()
    {
        File.WriteAllText(_folder.LogPath, "changes");

        AssertRefused("holds changes of a database that is missing beside it");
    }

    [Fact]
    public async Task A_folder_that_is_already_open_is_refused()
    {
        await using var first = _folder.Open();

        var refused = Assert.Throws<GrainDatabaseException>(() => _folder.Open());

        Assert.Contains("is in use by another silo", refused.Message, StringComparison.Ordinal);
        Assert.EndsWith("choose another data folder with Kad:Data.", refused.Message, StringComparison.Ordinal);
        await first.WriteAsync(Samples.Grain(), "the first goes on");
    }

    [Fact]
    public void A_folder_that_is_a_file_is_refused()
    {
        var file = Path.Combine(_folder.Path, "file");
        File.WriteAllText(file, "no folder");

        var refused = Assert.Throws<GrainDatabaseException>(() => GrainDatabase.Open(file, null, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance));

        Assert.Contains($"'{file}' cannot be created or entered", refused.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private async Task CreateAsync()
    {
        await using var storage = _folder.Open();
        for (var i = 0; i < 20; i++)
        {
            await storage.WriteAsync(Samples.Grain(), new string('x', 3000));
        }
    }

    private void AssertRefused(string reason)
    {
        var before = _folder.Fingerprint();

        var refused = Assert.Throws<GrainDatabaseException>(() => _folder.Open());

        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.Contains(_folder.DatabasePath, refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, _folder.Fingerprint());
    }
}
