using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Tests.Storage;

/// <summary>The files of an open database are removed, replaced or moved by somebody else.</summary>
public sealed class DisplacedFileTests : SqliteTests
{
    private const int Keys = 100;

    public static TheoryData<string> Displacements => OperatingSystem.IsLinux() ? ["all", "database", "log", "replaced", "folder"] : ["all"];

    [Theory(Skip = "Windows lets nobody remove an open database.", SkipType = typeof(DisplacedFileTests), SkipWhen = nameof(IsWindows))]
    [MemberData(nameof(Displacements))]
    public async Task Nothing_is_acknowledged_any_more_and_what_was_is_served_and_there_after_the_next_start(string what)
    {
        await using (var database = Open())
        {
            await database.Store.PutAllAsync(Enumerable.Range(0, Keys).ToDictionary(StoredValues.Key, _ => StoredValues.Sized(64)));
            Assert.Null(database.Store.Problem);

            Displace(what);
            Assert.Contains("was removed or replaced", database.Store.Problem, StringComparison.Ordinal);
            var results = await database.Store.PutTogetherAsync(
                Enumerable.Range(0, 2 * Keys).Select(i => KeyValuePair.Create(StoredValues.Key(i), StoredValues.Sized(64))));

            Assert.All(results, result => Assert.Equal(StoreResult.StorageFailed, result));
            await Assert.ThrowsAsync<KeyStoreException>(async () => await database.States.SaveAsync(NodeStates.WithContacts));
            Assert.Contains("was removed or replaced", database.Store.Problem, StringComparison.Ordinal);
            Assert.Equal(Keys, (await database.Store.GetUsageAsync()).Keys);
            Assert.NotNull(await database.Store.GetAsync(StoredValues.Key(0), StoredValues.Now));
        }

        using var restored = new TemporaryFolder();
        if (what == "replaced")
        {
            // The file in its place is left alone, and the values are beside it.
            Assert.Equal("somebody's", await File.ReadAllTextAsync(Folder.DatabasePath));
            File.Copy(Folder.DatabasePath + ".lost-1", restored.DatabasePath);
        }

        await using var again = SqliteDatabase.Open(what == "replaced" ? restored.Path : Folder.Path, new(StoreQuota.Unlimited));
        Assert.Equal(Keys, again.Keys);
    }

    public static bool IsWindows => OperatingSystem.IsWindows();

    public override void Dispose()
    {
        base.Dispose();
        if (Directory.Exists(Folder.Path + ".moved"))
        {
            Directory.Delete(Folder.Path + ".moved", recursive: true);
        }
    }

    private void Displace(string what)
    {
        switch (what)
        {
            case "all" or "database" or "log":
                string[] paths = [Folder.DatabasePath, Folder.LogPath];
                Array.ForEach(what == "all" ? paths : [paths[what == "log" ? 1 : 0]], File.Delete);
                break;
            case "replaced":
                File.WriteAllText(Folder.DatabasePath + ".new", "somebody's");
                File.Move(Folder.DatabasePath + ".new", Folder.DatabasePath, overwrite: true);
                break;
            default:
                Directory.Move(Folder.Path, Folder.Path + ".moved");
                Directory.CreateDirectory(Folder.Path);
                break;
        }
    }
}
