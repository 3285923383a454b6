using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Tests.Storage;

/// <summary>Who may read what is kept: its owner alone, unless somebody chose otherwise.</summary>
public sealed class FileModeTests : SqliteTests
{
    private const UnixFileMode GroupReads = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    private string Data => Path.Combine(Folder["above"], "data");

    [Fact]
    public async Task What_is_kept_is_its_owners_alone_while_it_is_open_too()
    {
        await using var database = SqliteDatabase.Open(Data, new(StoreQuota.Unlimited));
        await using var management = new SqliteManagementStore(Data);
        await database.Store.PutAsync(StoredValues.Key(1), StoredValues.Text("a value"));
        await management.SaveAsync(new NodeRules([new BanEntry(Ban.Parse("203.0.113.0/24"), StoredValues.Now)]), TestContext.Current.CancellationToken);
        await new CrawlFiles(Path.Combine(Data, CrawlFiles.Folder), NullLogger<CrawlFiles>.Instance).SaveAsync(
            new CrawlReport { Id = CrawlReport.NameOf(StoredValues.Now), Phase = CrawlPhase.Finished, StartedAt = StoredValues.Now, Rate = 1, MaxNodes = 1 },
            [],
            TestContext.Current.CancellationToken);

        FileModes.AssertOwnersAlone(Folder["above"]);
        Assert.Superset(
            new HashSet<string> { "crawls", "kad.db", "kad.db-wal", "kad-manage.db" },
            Directory.EnumerateFileSystemEntries(Data).Select(path => Path.GetFileName(path)).ToHashSet());
    }

    [Fact]
    public async Task A_damaged_segment_is_set_aside_for_its_owner_alone()
    {
        await StoreAsync(1, 20);
        Alter(FlipLast);
        await using var database = Open();

        FileModes.AssertOwnersAlone(Folder.DatabasePath + ".damaged-1");
    }

    [Fact]
    public async Task A_folder_and_a_file_that_are_there_keep_their_modes_also_when_the_file_is_rebuilt()
    {
        const UnixFileMode OthersEnter = GroupReads | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        await StoreAsync(1, 400);
        FileModes.Set(Folder.Path, OthersEnter);
        FileModes.Set(Folder.DatabasePath, GroupReads);
        await using (var database = Open())
        {
            Assert.Equal(GroupReads, FileModes.Of(Folder.LogPath));
        }

        var bytes = await File.ReadAllBytesAsync(Folder.DatabasePath, TestContext.Current.CancellationToken);
        bytes.AsSpan(^4096..).Fill(0xA5);
        await File.WriteAllBytesAsync(Folder.DatabasePath, bytes, TestContext.Current.CancellationToken);
        await using (var database = Open())
        {
            Assert.NotNull(database.Damage);
        }

        Assert.True(File.Exists(Folder.DatabasePath + ".damaged-1"));
        Assert.Equal((OthersEnter, GroupReads), (FileModes.Of(Folder.Path), FileModes.Of(Folder.DatabasePath)));
    }

    [Fact]
    public async Task What_was_held_is_written_again_for_its_owner_alone_after_its_file_was_removed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows lets nobody remove an open database.");
        await using (var database = Open())
        {
            await database.Store.PutAsync(StoredValues.Key(1), StoredValues.Text("a value"));
            File.Delete(Folder.DatabasePath);
            File.Delete(Folder.LogPath);
            await database.Store.PutAsync(StoredValues.Key(2), StoredValues.Text("another"));
        }

        FileModes.AssertOwnersAlone(Folder.DatabasePath);
    }
}
