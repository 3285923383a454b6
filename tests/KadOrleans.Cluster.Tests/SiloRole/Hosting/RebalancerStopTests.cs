using Orleans.TestingHost;

namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class RebalancerStopTests
{
    [Fact]
    public async Task The_last_silo_that_stops_logs_no_error()
    {
        await using var log = new StringWriter();
        var builder = new InProcessTestClusterBuilder(1);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((_, silo) =>
        {
#pragma warning disable ORLEANSEXP002 // As the silo does.
            silo.AddActivationRebalancer();
#pragma warning restore ORLEANSEXP002
            RebalancerStop.Add(silo);
            silo.Services.AddLogging(logging => logging.UseConsoleLog(TextWriter.Synchronized(log), verbose: false));
        });
        await using var cluster = builder.Build();
        await cluster.DeployAsync();
        await Eventually.ReadAsync(() => RebalancerStop.FindAsync(cluster.Client), silo => silo is not null);

        await cluster.StopAllSilosAsync();

        Assert.DoesNotContain(" error ", log.ToString(), StringComparison.Ordinal);
    }
}
