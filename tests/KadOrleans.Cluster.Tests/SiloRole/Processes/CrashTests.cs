using Microsoft.AspNetCore.Connections;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A background service that fails ends its process, and not as if the process had been told to stop.</summary>
public sealed class CrashTests : FolderTests
{
    [Theory]
    [InlineData("kad-server: The silo failed: There is no room.", "Kad:Role=SiloAndEdge")]
    [InlineData("The edge failed: There is no room.", "Kad:Role=Edge")]
    public async Task A_process_with_a_service_that_fails_ends_with_code_1_and_a_sentence(string sentence, string role)
    {
        var gateway = FreePort.Tcp();
        await using var silo = await HostedSilo.StartAsync(Path.Combine(Folder, "silo"), $"Kad:Silo:GatewayPort={gateway}");

        var run = await EndedRun.OfSiloAsync(
            Folder, new KadProviders { Tls = new FailingTls() }, role, "Kad:Edge:Name=fails", $"Kad:Cluster:Gateway=127.0.0.1:{gateway}",
            $"Kad:Cluster:GatewayKeyFile={Path.Combine(Folder, "silo", "gateway-key")}", "Kad:Tls:Certificate=none", "Kad:Tls:Key=none");

        Assert.Equal((1, sentence), (run.Code, run.Lines[^1].Trim()));
    }

    /// <summary>Encrypts nothing, and has a service that fails once the process serves.</summary>
    private sealed class FailingTls : ITlsProvider
    {
        public void AddServices(IServiceCollection services, KadTlsOptions options, CertificateUse use) => services.AddHostedService<Failing>();

        public void Encrypt(IConnectionBuilder connections, ConnectionSide side)
        {
        }
    }

    private sealed class Failing(IHostApplicationLifetime lifetime) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await lifetime.ApplicationStarted.UntilCancelledAsync();
            throw new InvalidOperationException("There is no room.");
        }
    }
}
