namespace KadOrleans.Tests.Cli;

/// <summary>The sample with one embedded node.</summary>
public sealed class NodeSampleTests : FolderTests
{
    [Fact]
    public async Task A_visitor_reads_who_was_there_before() => Assert.Equal(
        ["Nobody was here before.", "Ada signed.", "The last visitor was Ada.", "Bob signed."],
        await GuestbookVisits.VisitTwiceAsync("Guestbook.Node", Folder, "--Listen=127.0.0.1:0", "--Data=data"));

    [Fact]
    public async Task Whoever_lost_a_lease_is_fenced_off_and_a_count_loses_none()
    {
        await using var sample = ChildProcess.Start(GuestbookVisits.PathOf("Lease"), Folder);
        List<string> lines = [];
        while (await sample.ReadLineAsync() is { } line)
        {
            lines.Add(line);
        }

        Assert.True(await sample.FinishAsync() == 0, sample.Error.Text);
        Assert.Equal(
            [
                "Ada has the lease.", "Ada writes to the ledger.", "Ben has to wait.", "Ben has the lease, with a higher number.", "Ben writes to the ledger.",
                "The ledger refuses Ada: it has seen a higher number.", "Ada has lost it.", "Eight who added five each counted to 40.",
            ],
            lines);
    }

    [Fact]
    public async Task A_misspelt_setting_ends_it_and_is_named()
    {
        await using var visit = ChildProcess.Start(
            GuestbookVisits.PathOf("Guestbook.Node"), Folder, "--Listen=127.0.0.1:0", "--Data=data", "--Kad:Bootstap:0=127.0.0.1:1");

        Assert.NotEqual(0, await visit.FinishAsync());
        Assert.Contains("Kad:Bootstap is not a setting; ", visit.Error.Text, StringComparison.Ordinal);
    }
}
