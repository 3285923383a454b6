using KadOrleans.Node.Ports;
using KadOrleans.Storage.Sqlite.KillTarget;

namespace KadOrleans.Storage.Sqlite.Tests.Processes;

public sealed class LockedFolderTests : SqliteTests
{
    private string Message =>
        $"The data folder '{Folder.Path}' is in use by another node; stop that node or choose another data folder.";

    [Fact]
    public async Task A_folder_that_another_process_has_open_is_refused_until_it_ends()
    {
        await using var other = OtherProcess.Start("hold", Folder.Path);
        Assert.Equal(Workload.Opened, await other.ReadLineAsync());

        var refusal = Assert.Throws<KeyStoreException>(() => Open());
        Assert.Equal(Message, refusal.Message);

        await other.FinishAsync();
        await using var database = Open();
    }

    [Fact]
    public async Task A_folder_that_this_process_has_open_stays_closed_to_others_after_refusals_here()
    {
        await using var database = Open();
        Assert.Throws<KeyStoreException>(() => Open());

        await using var other = OtherProcess.Start("hold", Folder.Path);

        Assert.Equal(Message, await other.ReadLineAsync());
    }
}
