using System.Security.Cryptography.X509Certificates;
using KadOrleans.Cluster.Tests.SiloRole;

namespace KadOrleans.Cluster.Tests.Providers;

public sealed class TlsClusterTests : FolderTests
{
    private const int ShardBits = 4;

    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _foreign = new("another authority");
    private readonly CertificateFiles _silo;
    private readonly CertificateFiles _edge;

    public TlsClusterTests()
    {
        using var silo = _authority.Issue("silo", "kad", [TestAuthority.Server, TestAuthority.Client]);
        using var edge = _authority.Issue("edge", null, [TestAuthority.Client]);
        _silo = Files("silo").Write(silo, _authority);
        _edge = Files("edge").Write(edge, _authority);
    }

    [Fact]
    [Needs(Need.PostgreSql)]
    public async Task Two_silos_and_an_edge_serve_each_with_a_certificate_of_its_own()
    {
        await using var server = await PostgreSqlServer.StartAsync();
        string[] storage = ["Kad:Storage=PostgreSql", $"Kad:PostgreSql:ConnectionString={server.ConnectionString}"];
        await using var first = new SiloServer(Folder, [.. storage, .. _silo.Settings, SiloServer.ShardBits(ShardBits)]);
        await using var second = new SiloServer(Folder, [.. storage, .. _silo.Settings, SiloServer.ShardBits(ShardBits)]);
        await first.StartAsync();
        await second.StartAsync();
        await using var edge = new EdgeServer(Folder, "edge", [.. storage, .. _edge.Settings]);
        await edge.StartAsync();

        // All shards answer, those of the other silo too.
        await using var load = new StoreLoad(edge.Address, ShardBits);
        await load.WholeAsync();
        await first.KillAsync();
        await first.StartAsync();
        await load.WholeAsync();
        Assert.Equal(0, await edge.StopAsync());
    }

    [Fact]
    public async Task Whoever_has_no_certificate_or_a_wrong_one_is_refused_and_the_silo_says_what_is_wrong()
    {
        using var foreign = _foreign.Issue("stranger", "kad");
        using var ended = _authority.Issue("late", "kad", days: -1);
        using var server = _authority.Issue("listener", "kad", [TestAuthority.Server]);
        foreach (var (certificate, reason) in new (X509Certificate2, string)[]
        {
            (foreign, "its certificate 'CN=stranger' is not accepted: no authority of Kad:Tls:Authority vouches for it"),
            (ended, "its certificate 'CN=late' is not accepted: it expired at "),
            (server, "its certificate 'CN=listener' is not accepted: its uses do not include client authentication"),
        })
        {
            // Another one for each, as a kind of refusal is told once a minute.
            await using var silo = await StartedAsync();
            Assert.True(await TlsProbe.IsRefusedAsync(silo.Gateway, certificate));
            await SaysAsync(silo, $"A client was refused: {reason}");
            Assert.True(await TlsProbe.IsRefusedAsync(silo.Gateway, null));
        }
    }

    [Fact]
    public async Task An_edges_certificate_does_not_open_the_port_for_silos()
    {
        var port = FreePort.Tcp();
        await using var silo = new SiloServer(Folder, [.. _silo.Settings, $"Kad:Silo:Port={port}"]);
        await silo.StartAsync();
        using var edge = _authority.Issue("edge", "kad-edge");

        Assert.True(await TlsProbe.IsRefusedAsync(port, edge));
        await SaysAsync(silo, "A caller of the port for silos was refused: its certificate 'CN=edge' is not accepted: it carries the DNS names 'kad-edge', and not 'kad'");
        Assert.Equal("CN=silo", await TlsProbe.SubjectAsync(silo.Gateway, edge));
    }

    [Fact]
    public async Task An_edge_without_TLS_says_what_it_lacks_and_one_with_TLS_that_it_reaches_no_silo_without()
    {
        await using var silo = await StartedAsync();
        await using var plain = new EdgeServer(Folder, "plain", silo.GatewaySetting);
        plain.Launch();
        await SaysAsync(plain, $"The silo at 127.0.0.1:{silo.Gateway} ended the connection before its first message (");
        await SaysAsync(plain, "it requires TLS, and Kad:Tls:Certificate is not set here");

        await using var open = new SiloServer(Directory.CreateDirectory(Path.Combine(Folder, "open")).FullName);
        await open.StartAsync();
        await using var edge = new EdgeServer(Folder, "edge", [open.GatewaySetting, .. _edge.Settings]);
        edge.Launch();
        await SaysAsync(edge, "No silo has been reached yet by Kad:Cluster:Gateway in the cluster 'kad' (Orleans:ClusterId); ");
    }

    [Fact]
    public async Task An_edge_says_when_it_refuses_the_silo_and_when_the_silo_refuses_it()
    {
        await using var silo = await StartedAsync();
        using var certificate = _foreign.Issue("stranger", "kad");
        await using (var suspicious = new EdgeServer(Folder, "suspicious", [silo.GatewaySetting, .. Files("suspicious").Write(certificate, _foreign).Settings]))
        {
            suspicious.Launch();
            await SaysAsync(suspicious, "was refused: its certificate 'CN=silo' is not accepted: no authority of Kad:Tls:Authority vouches for it");
        }

        await using (var other = new EdgeServer(Folder, "other", [silo.GatewaySetting, .. _edge.Settings, "Kad:Tls:Name=other"]))
        {
            other.Launch();
            await SaysAsync(other, "its certificate 'CN=silo' is not accepted: it carries the DNS names 'kad', and not 'other'");
        }

        await using var trusting = new EdgeServer(Folder, "trusting", [silo.GatewaySetting, .. Files("trusting").Write(certificate, _foreign, _authority).Settings]);
        trusting.Launch();
        await SaysAsync(trusting, "it does not accept this process's certificate, as its log then says");
        await SaysAsync(silo, "its certificate 'CN=stranger' is not accepted");
    }

    [Fact]
    public async Task Certificates_that_are_renewed_on_the_disk_are_presented_to_new_connections()
    {
        await using var silo = await StartedAsync();
        await using var edge = new EdgeServer(Folder, "edge", [silo.GatewaySetting, .. _edge.Settings]);
        await edge.StartAsync();
        await using var load = new StoreLoad(edge.Address, ShardBits);
        await load.WholeAsync();

        // A new authority, too: trusted beside the old one until all have new certificates.
        using var client = _foreign.Issue("new edge", null);
        using var renewed = _foreign.Issue("new silo", "kad");
        _edge.Write(client, _authority, _foreign);
        _silo.Write(renewed, _authority, _foreign);
        Assert.Equal("CN=new silo", await TlsProbe.SubjectAsync(silo.Gateway, client));
        await SaysAsync(silo, "New connections present the renewed certificate 'CN=new silo', which expires at ");

        await load.WholeAsync();
        await silo.KillAsync();
        await silo.StartAsync();
        await load.WholeAsync();
        await SaysAsync(edge, "New connections present the renewed certificate 'CN=new edge'");
    }

    [Theory]
    [InlineData("Silo", "kad-server: ")]
    [InlineData("Edge", "")]
    public async Task A_certificate_that_cannot_be_used_ends_the_start_with_2(string role, string beginning)
    {
        using var other = _authority.Issue("other", "kad");
        _edge.WriteKey(other);
        await using var process = ChildProcess.Start("kad-server", Folder, [$"Kad:Role={role}", "Kad:Http=127.0.0.1:0", "Kad:Edge:Listen=127.0.0.1:0", .. _edge.Settings]);

        Assert.Equal(2, await process.ExitAsync());
        Assert.StartsWith($"{beginning}Kad:Tls:Key is '{_edge.Key}', which does not have the private key of ", process.Error.Text.Trim(), StringComparison.Ordinal);
        Assert.Single(process.Error.Text.Trim().Split('\n'));
    }

    [Fact]
    public async Task A_silo_with_TLS_serves_a_client_with_a_certificate_and_health_status_and_its_own_edge_as_ever()
    {
        var gateway = FreePort.Tcp();
        await using var silo = await SiloProcess.StartedAsync(Folder, [.. _silo.Settings, $"Kad:Silo:GatewayPort={gateway}"]);
        using var client = await OrleansClient.StartAsync(gateway, Path.Combine(Folder, "kad-cluster-data"), builder => builder.UseKadTls(_edge.Options));
        Assert.Single((await client.Services.GetRequiredService<IDht>().GetStatusAsync()).Nodes);
        await client.StopAsync();
        await silo.LineAsync("listening udp 127.0.0.1:");
        Assert.Equal("ready", (await silo.StatusAsync()).GetProperty("state").GetString());
    }

    private CertificateFiles Files(string name) => new(Path.Combine(Folder, "certificates", name));

    private async Task<SiloServer> StartedAsync()
    {
        var silo = new SiloServer(Folder, [.. _silo.Settings, SiloServer.ShardBits(ShardBits)]);
        await silo.StartAsync();
        return silo;
    }

    private static Task SaysAsync(RestartableServer server, string words) =>
        Eventually.BecomesAsync(() => server.Errors.Contains(words, StringComparison.Ordinal), () => $"'{words}' is not in: {server.Errors}");
}
