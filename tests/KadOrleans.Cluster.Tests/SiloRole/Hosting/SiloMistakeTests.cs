using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>What keeps a silo from starting is told in a sentence, and the program ends.</summary>
public sealed class SiloMistakeTests : FolderTests
{
    [Theory]
    [InlineData("Kad:Http:Hosts=*", "kad-silo: Kad:Http:Hosts is '*'; host names without a port are needed")]
    [InlineData("status", "'status' is not a setting; NAME=VALUE is needed")]
    [InlineData("Kad:Silo:Address=0.0.0.0", "kad-silo: Kad:Silo:Address is '0.0.0.0'")]
    [InlineData("Kad:Edge:Listn=1", "kad-silo: Kad:Edge:Listn is not a setting")]
    public async Task A_mistake_ends_start_up_with_one_sentence(string setting, string sentence)
    {
        var silo = await EndedRun.OfSiloAsync(Folder, setting);

        Assert.Equal(2, silo.Code);
        Assert.StartsWith(sentence, Assert.Single(silo.Lines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Kad:Http=127.0.0.1:")]
    [InlineData("Kad:Silo:Port=")]
    [InlineData("Kad:Silo:GatewayPort=")]
    [InlineData("Kad:Edge:Listen=127.0.0.1:")]
    public async Task A_taken_port_ends_start_up_with_a_sentence_that_names_it(string setting)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        using var datagrams = new UdpClient(new IPEndPoint(IPAddress.Loopback, port));

        var silo = await EndedRun.OfSiloAsync(Folder, $"{setting}{port}");

        Assert.Equal(2, silo.Code);
        Assert.StartsWith("kad-silo: ", silo.Lines[^1], StringComparison.Ordinal);
        Assert.Contains(setting.Split('=')[0], silo.Lines[^1], StringComparison.Ordinal);
        Assert.Contains($"{port}", silo.Lines[^1], StringComparison.Ordinal);
    }

    /// <summary>Up to where each would listen, as both do before either serves.</summary>
    [Theory]
    [InlineData("Kad:Silo:Port")]
    [InlineData("Kad:Silo:GatewayPort")]
    public async Task Of_two_silos_that_begin_at_once_with_one_port_one_is_refused(string setting)
    {
        for (var round = 0; round < 20; round++)
        {
            var port = FreePort.Tcp();
            using var together = new Barrier(2);
            using var claims = new Claims();
            var ends = await Task.WhenAll(claims.All.Select(claim => Task.Run(async () =>
            {
                var host = SiloHost.Build(
                    [
                        "Kad:Http=127.0.0.1:0", "Kad:Silo:Port=0", "Kad:Silo:GatewayPort=0", "Kad:Edge:Enabled=false", $"Kad:Data={Folder}",
                        $"{setting}={port}",
                    ],
                    new KadProviders(),
                    TextWriter.Null);
                await using var disposal = (IAsyncDisposable)host;
                together.SignalAndWait();
                return Record.Exception(() => PortCheck.Run(host.Services, claim));
            })));

            var refusal = Assert.IsType<OptionsValidationException>(Assert.Single(ends, end => end is not null));
            Assert.StartsWith($"{setting} is {port}, and another process listens on ", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Host=127.0.0.1;Port=9;Username=x;Password=secret", 1, "kad-silo: Kad:PostgreSql:ConnectionString: the cluster's database failed: ")]
    [InlineData("Host=no-such-host.invalid;Username=x;Password=secret", 1, "kad-silo: Kad:PostgreSql:ConnectionString: the cluster's database failed: ")]
    [InlineData("Hst=127.0.0.1;Password=secret", 2, "kad-silo: Kad:PostgreSql:ConnectionString has the key 'hst', ")]
    [InlineData("127.0.0.1", 2, "kad-silo: Kad:PostgreSql:ConnectionString cannot be read: ")]
    public async Task A_database_that_cannot_be_reached_ends_start_up_with_a_sentence(string connection, int code, string sentence)
    {
        var silo = await EndedRun.OfSiloAsync(Folder, "Kad:Storage=AdoNet", $"Kad:PostgreSql:ConnectionString={connection}");

        Assert.Equal(code, silo.Code);
        Assert.StartsWith(sentence, silo.Lines[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("secret", silo.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_used_ends_start_up_with_a_sentence()
    {
        var file = Path.Combine(Folder, "file");
        await File.WriteAllTextAsync(file, string.Empty, TestContext.Current.CancellationToken);

        var silo = await EndedRun.OfSiloAsync(Folder, $"Kad:Data={file}");

        Assert.Equal(2, silo.Code);
        Assert.Contains(file, silo.Errors, StringComparison.Ordinal);
        Assert.Contains("Kad:Data", Assert.Single(silo.Lines), StringComparison.Ordinal);
    }

    /// <summary>Both claims live until the judgement, as those of two processes do.</summary>
    private sealed class Claims : IDisposable
    {
        public PortClaim[] All { get; } = [new(), new()];

        public void Dispose()
        {
            foreach (var claim in All)
            {
                claim.Dispose();
            }
        }
    }
}
