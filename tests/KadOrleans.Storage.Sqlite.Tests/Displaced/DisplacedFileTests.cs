using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;
using KadOrleans.PortContracts;
using KadOrleans.Testing;

namespace KadOrleans.Storage.Sqlite.Tests.Displaced;

/// <summary>The files of an open database are removed, replaced or moved by somebody else.</summary>
public sealed class DisplacedFileTests : IDisposable
{
    private const int Keys = 100;

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Displacements => OperatingSystem.IsLinux() ? ["all", "database", "log", "replaced", "folder"] : ["all"];

    [Theory(Skip = "Windows lets nobody remove an open database.", SkipType = typeof(DisplacedFileTests), SkipWhen = nameof(IsWindows))]
    [MemberData(nameof(Displacements))]
    public async Task Nothing_is_acknowledged_any_more_and_what_was_is_served(string what)
    {
        await using var database = SqliteDatabase.Open(_folder.Path, StoreQuota.Unlimited);
        await using var store = new SqliteKeyStore(database);
        await FillAsync(store);
        Assert.Null(store.Problem);

        Displace(what);
        Assert.Contains("was removed or replaced", store.Problem, StringComparison.Ordinal);
        var results = await Task.WhenAll(Enumerable.Range(0, 2 * Keys).Select(i => store.PutAsync(StoredValues.Key(i), StoredValues.Sized(64)).AsTask()));

        Assert.All(results, result => Assert.Equal(StoreResult.StorageFailed, result));
        await Assert.ThrowsAsync<KeyStoreException>(async () => await new SqliteNodeStateStore(database).SaveAsync(NodeStates.WithContacts));
        Assert.Contains("was removed or replaced", store.Problem, StringComparison.Ordinal);
        Assert.Equal(Keys, (await store.GetUsageAsync()).Keys);
        Assert.NotNull(await store.GetAsync(StoredValues.Key(0), StoredValues.Now));
    }

    [Theory(Skip = "Windows lets nobody remove an open database.", SkipType = typeof(DisplacedFileTests), SkipWhen = nameof(IsWindows))]
    [InlineData("all")]
    [InlineData("database")]
    [InlineData("log")]
    public async Task What_was_acknowledged_is_there_after_the_next_start(string what)
    {
        await using (var database = SqliteDatabase.Open(_folder.Path, StoreQuota.Unlimited))
        {
            await using var store = new SqliteKeyStore(database);
            await FillAsync(store);
            Displace(what);
            Assert.Equal(StoreResult.StorageFailed, await store.PutAsync(StoredValues.Key(Keys), StoredValues.Sized(64)));
        }

        await using var again = SqliteDatabase.Open(_folder.Path, StoreQuota.Unlimited);
        Assert.Equal(Keys, again.Keys);
    }

    [Fact(Skip = "Windows lets nobody remove an open database.", SkipType = typeof(DisplacedFileTests), SkipWhen = nameof(IsWindows))]
    public async Task A_file_that_was_put_in_place_of_it_is_left_alone_and_the_values_are_beside_it()
    {
        await using (var database = SqliteDatabase.Open(_folder.Path, StoreQuota.Unlimited))
        {
            await using var store = new SqliteKeyStore(database);
            await FillAsync(store);
            Displace("replaced");
            Assert.Equal(StoreResult.StorageFailed, await store.PutAsync(StoredValues.Key(Keys), StoredValues.Sized(64)));
        }

        Assert.Equal("somebody's", await File.ReadAllTextAsync(_folder.DatabasePath));
        using var restored = new TemporaryFolder();
        File.Copy(_folder.DatabasePath + ".lost-1", restored.DatabasePath);
        await using var again = SqliteDatabase.Open(restored.Path, StoreQuota.Unlimited);
        Assert.Equal(Keys, again.Keys);
    }

    public static bool IsWindows => OperatingSystem.IsWindows();

    public void Dispose()
    {
        _folder.Dispose();
        if (Directory.Exists(_folder.Path + ".moved"))
        {
            Directory.Delete(_folder.Path + ".moved", recursive: true);
        }
    }

    private static async Task FillAsync(SqliteKeyStore store)
    {
        for (var i = 0; i < Keys; i++)
        {
            Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(i), StoredValues.Sized(64)));
        }
    }

    private void Displace(string what)
    {
        switch (what)
        {
            case "all":
                File.Delete(_folder.DatabasePath);
                File.Delete(_folder.LogPath);
                break;
            case "database":
                File.Delete(_folder.DatabasePath);
                break;
            case "log":
                File.Delete(_folder.LogPath);
                break;
            case "replaced":
                File.WriteAllText(_folder.DatabasePath + ".new", "somebody's");
                File.Move(_folder.DatabasePath + ".new", _folder.DatabasePath, overwrite: true);
                break;
            default:
                Directory.Move(_folder.Path, _folder.Path + ".moved");
                Directory.CreateDirectory(_folder.Path);
                break;
        }
    }
}
