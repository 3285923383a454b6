using System.Net;
using System.Net.Sockets;

namespace KadOrleans.Full.Tests;

/// <summary>An edge whose members' table gives no answer.</summary>
public sealed class AzureUnreachableTests : FolderTests
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task An_edge_waits_for_Azure_and_stops_when_told_to()
    {
        using var table = new TcpListener(IPAddress.Loopback, 0);
        table.Start();
        await using var edge = ChildProcess.Start(
            "kad-server-full",
            Folder,
            [
                "Kad:Role=Edge", "Kad:Http=127.0.0.1:0", "Kad:Edge:Listen=127.0.0.1:0", "Kad:Storage=AzureStorage",
                $"Kad:Azure:ConnectionString=AccountName=me;AccountKey=c2VjcmV0;TableEndpoint=http://{table.LocalEndpoint}/me",
            ]);
        using (var request = await table.AcceptSocketAsync().WaitAsync(Longest))
        {
            table.Stop();
        }

        Assert.Equal(0, await edge.StopAsync());
        Assert.DoesNotContain("Unhandled", edge.Error.Text, StringComparison.Ordinal);
    }
}
