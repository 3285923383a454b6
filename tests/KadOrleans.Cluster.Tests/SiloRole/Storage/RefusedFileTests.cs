using KadOrleans.GrainStorage.Sqlite;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A file that is refused is named, and stays as it is. The suite Storage has what a node's file shares with it.</summary>
public sealed class RefusedFileTests : IDisposable
{
    private readonly SqliteFolder _folder = new();

    [Theory]
    [InlineData("PRAGMA application_id = 252006674", "is the database of another application (id 0F055112)")]
    [InlineData("PRAGMA user_version = 2", "has schema version 2, and this build reads and writes version 1 alone; ")]
    [InlineData("DROP TABLE grain_state", "a table is missing or altered")]
    public async Task A_file_that_a_silo_of_this_release_did_not_write_is_refused(string alteration, string reason)
    {
        await CreateAsync();
        _folder.Alter(alteration);

        AssertRefused(reason);
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
    public async Task A_folder_that_is_already_open_is_refused()
    {
        await using var first = _folder.Open();

        var refused = Assert.Throws<GrainDatabaseException>(() => _folder.Open());

        Assert.Contains("is in use by another silo", refused.Message, StringComparison.Ordinal);
        Assert.EndsWith("choose another data folder with Kad:Data.", refused.Message, StringComparison.Ordinal);
        await first.WriteAsync(Samples.Grain(), "the first goes on");
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
