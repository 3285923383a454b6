using Microsoft.AspNetCore.Connections;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A silo that is told to stop while it starts, as by Ctrl-C at once, was stopped and did not fail.</summary>
public sealed class StoppedStartTests : FolderTests
{
    [Theory]
    [InlineData(ServiceLifecycleStage.RuntimeInitialize)]
    [InlineData(ServiceLifecycleStage.Active)]
    public async Task It_ends_with_code_0_and_says_of_no_failure_to_start(int stage)
    {
        var run = await EndedRun.OfSiloAsync(
            Folder, new KadProviders { Tls = new StoppingTls(stage) }, "Kad:Tls:Certificate=none", "Kad:Tls:Key=none");

        Assert.Equal(ExitCode.Done, run.Code);
        Assert.All(
            (string[])["Silo.Start", "Hosting failed", "kad-server:"],
            failure => Assert.DoesNotContain(failure, run.Errors, StringComparison.Ordinal));
    }

    /// <summary>Encrypts nothing, and stops the process at a stage of the silo's start.</summary>
    private sealed class StoppingTls(int stage) : ITlsProvider
    {
        public void AddServices(IServiceCollection services, KadTlsOptions options, CertificateUse use) =>
            services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(
                provider => new Stopping(stage, provider.GetRequiredService<IHostApplicationLifetime>()));

        public void Encrypt(IConnectionBuilder connections, ConnectionSide side)
        {
        }
    }

    private sealed class Stopping(int stage, IHostApplicationLifetime lifetime) : ILifecycleParticipant<ISiloLifecycle>
    {
        public void Participate(ISiloLifecycle silo) => silo.Subscribe(nameof(Stopping), stage, _ =>
        {
            lifetime.StopApplication();
            return Task.CompletedTask;
        });
    }
}
