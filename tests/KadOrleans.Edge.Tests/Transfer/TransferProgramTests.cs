using System.Net;
using System.Net.Sockets;
using System.Text;
using KadOrleans.Edge.Transfer;
using KadOrleans.Hosting;
using KadOrleans.Simulation;

namespace KadOrleans.Edge.Tests.Transfer;

public sealed class TransferProgramTests
{
    [Theory]
    [InlineData("FILE is missing: KadOrleans.Edge export FILE [settings], where - is the standard output.", "export")]
    [InlineData("FILE is missing: KadOrleans.Edge export FILE", "export", "--json")]
    [InlineData("FILE is missing: KadOrleans.Edge import FILE", "import", "Kad:Storage=Local")]
    [InlineData("FILE is missing: KadOrleans.Edge import FILE", "import", "--Kad:Storage=Local")]
    [InlineData("FILE is '/no/such/file', which cannot be read: ", "import", "/no/such/file")]
    [InlineData("'-' is not a kad-state file of version 1: it is not a JSON object", "import", "-")]
    [InlineData("'twice' is not a setting; NAME=VALUE is needed", "export", "once", "twice")]
    [InlineData("'--last' is not a setting; NAME=VALUE is needed", "export", "-", "--last")]
    [InlineData("Kad:Storage is 'Paper'; Local", "export", "-", "Kad:Storage=Paper")]
    [InlineData("Kad:Typo is not a setting; ", "export", "-", "--json", "Kad:Typo=1")]
    [InlineData("Kad:Cluster:Gateway is 'nowhere'", "export", "--json", "-", "--Kad:Cluster:Gateway", "nowhere")]
    [InlineData("Kad:Cluster:Gateway is 'nowhere'", "Kad:Cluster:Gateway=nowhere", "export", "-")]
    public async Task What_was_asked_for_wrongly_ends_with_code_2_and_one_sentence(string sentence, params string[] args)
    {
        using var run = new TransferRun(input: Encoding.UTF8.GetBytes("[]"));

        Assert.Equal(ExitCode.WrongUsage, await EdgeCommand.RunAsync(args, KadEdge.Providers(), run.Io));

        Assert.StartsWith(sentence, Assert.Single(run.Error.Split('\n')), StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Silos_that_are_away_or_hang_are_given_up_with_the_settings_name(bool hang)
    {
        // A socket that listens takes a connection by itself, and nobody answers on it.
        using var gateway = new TcpListener(IPAddress.Loopback, 0);
        gateway.Start();
        var address = gateway.LocalEndpoint;
        if (!hang)
        {
            gateway.Stop();
        }

        using var run = new TransferRun(TimeSpan.FromMilliseconds(500));
        var code = await EdgeCommand.RunAsync(["export", "-", $"Kad:Cluster:Gateway={address}", "--json"], KadEdge.Providers(), run.Io);

        Assert.Equal(ExitCode.Failed, code);
        Assert.StartsWith(
            "Kad:Cluster:Gateway: no silo was reached within 0.5 s: ", Assert.Single(run.Error.Split('\n')), StringComparison.Ordinal);
        Assert.Empty(run.File);
    }

    [Fact]
    public async Task A_verb_that_there_is_not_starts_no_edge()
    {
        using var run = new TransferRun();

        Assert.Equal(ExitCode.WrongUsage, await EdgeCommand.RunAsync(["exprot", "file"], KadEdge.Providers(), run.Io));

        Assert.StartsWith("'exprot' is not a setting; ", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("export", "--help")]
    public async Task Help_names_the_settings_and_needs_none(params string[] args)
    {
        using var run = new TransferRun();

        Assert.Equal(ExitCode.Done, await EdgeCommand.RunAsync(args, KadEdge.Providers(), run.Io));

        Assert.Contains("NAME=VALUE", run.Output, StringComparison.Ordinal);
        Assert.Empty(run.Error);
    }

    [Fact]
    public async Task Progress_is_told_after_two_seconds()
    {
        var clock = new ManualTimeProvider();
        using var error = new StringWriter();
        var count = 0;
        await using (new ProgressLines(error, () => $"exported {count += 60_000:N0} values", clock))
        {
            clock.Advance(TimeSpan.FromSeconds(2));
        }

        Assert.Equal("exported 60,000 values", error.ToString().Trim());
    }
}
