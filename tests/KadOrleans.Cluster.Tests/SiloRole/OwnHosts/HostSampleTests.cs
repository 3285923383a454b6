namespace KadOrleans.Cluster.Tests.SiloRole;

[Trait("Tier", "Long")]
public sealed class HostSampleTests : FolderTests
{
    [Fact]
    public async Task One_program_is_a_silo_with_its_own_grain_an_edge_and_a_page_and_keeps_what_guests_wrote()
    {
        await using (var first = await StartAsync())
        {
            Assert.DoesNotContain(first.Lines, line => line.Contains("Polly", StringComparison.Ordinal));
            Assert.Contains("Nobody was here before.", await first.Client.GetStringAsync("/"), StringComparison.Ordinal);
            Assert.Equal("Ada <3 is guest number 1.", await SignAsync(first, "Ada <3"));
            Assert.Contains("The last guest was Ada &lt;3.", await first.Client.GetStringAsync("/"), StringComparison.Ordinal);
            Assert.Equal("Ada <3", await first.GetAsync("guestbook"));
            Assert.Equal(0, await first.StopAsync());
        }

        await using var second = await StartAsync();
        Assert.Equal("Bob is guest number 2.", await SignAsync(second, "Bob"));
        Assert.Equal("Bob", await second.GetAsync("guestbook"));
    }

    private Task<RunningHost> StartAsync() => RunningHost.StartAsync(
        GuestbookVisits.PathOf("Guestbook.Host"), Folder, hasEdge: true,
        "--Edge:Listen=127.0.0.1:0", $"--SiloPort={FreePort.Tcp()}", $"--GatewayPort={FreePort.Tcp()}");

    private static async Task<string> SignAsync(RunningHost host, string guest)
    {
        using var form = new FormUrlEncodedContent([KeyValuePair.Create("guest", guest)]);
        var response = await host.Client.PostAsync("/", form);
        return await response.Content.ReadAsStringAsync();
    }
}
