using System.Net.Sockets;

namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class MistakeTests(SharedPostgreSql postgres) : FolderTests
{
    private const string Edge = "Kad:Role=Edge";
    private const string DatabaseFailed = "kad-server: Kad:PostgreSql:ConnectionString: the cluster's database failed: ";

    [Theory]
    [InlineData("kad-server: Kad:Http:Hosts is '*'; host names without a port are needed", "Kad:Http:Hosts=*")]
    [InlineData("Kad:Http is '␛[2J<U+202E>'", Edge, "--Kad:Http=\u001b[2J\u202e")]
    [InlineData("'status' is not a setting; NAME=VALUE is needed", "status")]
    [InlineData("'oops' is not a setting; NAME=VALUE is needed", Edge, "--Kad:Edge:Name", "export", "oops")]
    [InlineData("Storage is not a setting; did you mean 'Kad:Storage'?", "Storage=PostgreSql")]
    [InlineData("Kad__Data is not a setting; did you mean 'Kad:Data'?", "Kad__Data=/x")]
    [InlineData("silo:port is not a setting; did you mean 'Kad:Silo:Port'?", "--silo:port", "1")]
    [InlineData("Kda:Storage is not a setting; did you mean 'Kad:Storage'?", "Kda:Storage=PostgreSql")]
    [InlineData("Edge:Name is not a setting; did you mean 'Kad:Edge:Name'?", Edge, "Edge:Name=a")]
    [InlineData("kad-server: Kad:Cluster:GatewayKey has 4 characters; 64 hexadecimal digits are needed, which 'openssl rand -hex 32' makes.", "Kad:Cluster:GatewayKey=hush")]
    [InlineData("Kad:Cluster:GatewayKey has 4 characters; 64 hexadecimal digits are needed, which 'openssl rand -hex 32' makes.", Edge, "Kad:Cluster:GatewayKey=hush")]
    [InlineData("Kad:Cluster:SiloKey is set, and this is an edge, which must not have the silos' key; Kad:Cluster:GatewayKey alone is allowed.", Edge, "Kad:Cluster:SiloKey=hush")]
    [InlineData("Kad:PostgreSql:ConnectionString is missing", Edge, "Kad:Storage=PostgreSql")]
    [InlineData("Kad:PostgreSql:ConnectionString has the key 'hst', ", Edge, "Kad:PostgreSql:ConnectionString=Hst=db;Password=hush")]
    [InlineData("kad-server: Kad:PostgreSql:ConnectionString has the key 'hst', ", "Kad:PostgreSql:ConnectionString=Hst=db;Password=hush")]
    [InlineData("Orleans:Clustering:ProviderType is 'Paper'", Edge, "Orleans:Clustering:ProviderType=Paper")]
    [InlineData("Kad:Redis:ConnectionString is missing", Edge, "Kad:Clustering=Redis")]
    [InlineData("kad-server: Kad:PostgreSql:ConnectionString cannot be read: ", "Kad:Storage=PostgreSql", "Kad:PostgreSql:ConnectionString=127.0.0.1")]
    [InlineData("kad-server: Kad:Http:Tokens: 'missing.json' cannot be read (", "Kad:Http:Tokens=missing.json")]
    [InlineData("kad-server: Kad:Http is 'https://127.0.0.1:0', and Kestrel:Certificates:Default:Path is missing; ", "Kad:Http=https://127.0.0.1:0")]
    [InlineData(
        "kad-server: Kestrel:Certificates:Default:Path is 'a.crt', which cannot be read (", "Kad:Http=https://127.0.0.1:0", "Kestrel:Certificates:Default:Path=a.crt")]
    [InlineData(
        "Kestrel:Certificates:Default:Path is 'a.crt', which cannot be read (", Edge, "Kad:Http=https://127.0.0.1:0", "Kestrel:Certificates:Default:Path=a.crt")]
    [InlineData("kad-server: Kad:Silo:Address is 192.0.2.1, which is no address of this machine; ", "Kad:Silo:Address=192.0.2.1", "Kad:Silo:Port=0")]
    [InlineData("kad-server: Kad:Cluster:GatewayKey is missing, and other machines reach the gateway at ", "Kad:Storage=PostgreSql", "Kad:PostgreSql:ConnectionString=Host=127.0.0.1")]
    [InlineData("kad-server: Logging:LogLevel, or that of a provider: Configuration value 'Loud' is not supported. Trace, Debug, ", "Logging:LogLevel:Default=Loud")]
    [InlineData("kad-server: The data folder '/dev/null' cannot be created or entered (", "Kad:Data=/dev/null")]
    public async Task A_mistake_ends_start_up_with_one_sentence(string sentence, params string[] settings)
    {
        var run = settings[0] == Edge ? await EndedRun.OfEdgeAsync(settings[1..]) : await EndedRun.OfSiloAsync(Folder, settings);

        Assert.Equal((2, string.Empty), (run.Code, run.Output));
        Assert.StartsWith(sentence, Assert.Single(run.Lines), StringComparison.Ordinal);
        Assert.DoesNotContain("hush", run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("no-such-host.invalid")]
    public async Task A_database_that_cannot_be_reached_ends_start_up_with_a_sentence(string host)
    {
        var silo = await EndedRun.OfSiloAsync(
            Folder, "Kad:Silo:Address=127.0.0.1", "Kad:Storage=PostgreSql", $"Kad:PostgreSql:ConnectionString=Host={host};Port=9;Username=x;Password=secret");

        Assert.Equal(1, silo.Code);
        Assert.StartsWith(DatabaseFailed, silo.Lines[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("secret", silo.Errors, StringComparison.Ordinal);
    }

    [Fact]
    [Needs(Need.PostgreSql)]
    public async Task A_user_or_a_database_that_is_not_there_is_named_with_the_setting()
    {
        var storage = await postgres.CreateStorageAsync();
        foreach (var wrong in (string[])["Username=nobody-there", "Database=not-there"])
        {
            var silo = await EndedRun.OfSiloAsync(Folder, "Kad:Silo:Address=127.0.0.1", storage[0], $"{storage[1]};{wrong}");

            Assert.Equal(1, silo.Code);
            Assert.StartsWith(DatabaseFailed, silo.Lines[^1], StringComparison.Ordinal);
            Assert.Contains(wrong.Split('=')[1], silo.Lines[^1], StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Kad:Http=127.0.0.1:")]
    [InlineData("Kad:Silo:Port=")]
    [InlineData("Kad:Silo:GatewayPort=")]
    [InlineData("Kad:Edge:Listen=127.0.0.1:")]
    [InlineData("Kad:Http=127.0.0.1:", Edge)]
    [InlineData("Kad:Edge:Listen=127.0.0.1:", Edge)]
    public async Task A_taken_port_ends_start_up_with_a_sentence_that_names_it(string setting, string? role = null)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        using var datagrams = new UdpClient(new IPEndPoint(IPAddress.Loopback, port));

        var run = role is null
            ? await EndedRun.OfSiloAsync(Folder, $"{setting}{port}")
            : await EndedRun.OfEdgeAsync("Kad:Edge:Listen=127.0.0.1:0", "Kad:Http=0", $"{setting}{port}");

        Assert.Equal(2, run.Code);
        Assert.StartsWith($"{(role is null ? "kad-server: " : string.Empty)}{setting.Split('=')[0]}", run.Lines[^1], StringComparison.Ordinal);
        Assert.Contains($"{port}", run.Lines[^1], StringComparison.Ordinal);
    }

    /// <summary>Up to where each would listen, as both do before either serves.</summary>
    [Theory]
    [InlineData("Kad:Silo:Port")]
    [InlineData("Kad:Silo:GatewayPort")]
    public async Task Of_two_silos_that_begin_at_once_with_one_port_one_is_refused(string setting)
    {
        var begun = 0;
        for (var round = 0; round < 20; round++)
        {
            var port = FreePort.Tcp();
            using var together = new Barrier(2);

            // Both live until the judgement, as those of two processes do.
            HostedSilo[] silos = [new(Folder, $"{setting}={port}"), new(Folder, $"{setting}={port}")];
            var ends = await Task.WhenAll(silos.Select(silo => Task.Run(() =>
            {
                together.SignalAndWait();
                return Record.Exception(silo.Services.GetRequiredService<PortCheck>().ValidateConfiguration);
            })));
            foreach (var silo in silos)
            {
                await silo.DisposeAsync();
            }

            var refusal = Assert.IsType<OptionsValidationException>(ends.First(end => end is not null));
            Assert.StartsWith($"{setting} is {port}, and another process or silo listens on ", refusal.Message, StringComparison.Ordinal);
            begun += ends.Count(end => end is null);
        }

        // A third process of this machine may have had the port of a round.
        Assert.NotEqual(0, begun);
    }
}
