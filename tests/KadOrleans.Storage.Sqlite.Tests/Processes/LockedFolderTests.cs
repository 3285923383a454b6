using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;
using KadOrleans.Storage.Sqlite.KillTarget;
using KadOrleans.Testing;

namespace KadOrleans.Storage.Sqlite.Tests.Processes;

public sealed class LockedFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Message =>
        $"The data folder '{_folder.Path}' is in use by another node; stop that node or choose another data folder.";

    [Fact]
    public async Task A_folder_that_another_process_has_open_is_refused_until_it_ends()
    {
        await using var other = OtherProcess.Start("hold", _folder.Path);
        Assert.Equal(Workload.Opened, await other.ReadLineAsync());

        var refusal = Assert.Throws<KeyStoreException>(() => SqliteDatabase.Open(_folder.Path, StoreQuota.Unlimited));
        Assert.Equal(Message, refusal.Message);

        await other.FinishAsync();
        await using var database = SqliteDatabase.Open(_folder.Path, StoreQuota.Unlimited);
    }

    [Fact]
    public async Task A_folder_that_this_process_has_open_stays_closed_to_others_after_refusals_here()
    {
        await using var database = SqliteDatabase.Open(_folder.Path, StoreQuota.Unlimited);
        Assert.Throws<KeyStoreException>(() => SqliteDatabase.Open(_folder.Path, StoreQuota.Unlimited));

        await using var other = OtherProcess.Start("hold", _folder.Path);

        Assert.Equal(Message, await other.ReadLineAsync());
    }

    public void Dispose() => _folder.Dispose();
}
