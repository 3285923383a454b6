using Npgsql;
using Orleans.Serialization;

namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class SiloHostTests : FolderTests
{
    [Fact]
    public async Task HTTP_starts_before_the_silo_and_the_edge_after_it()
    {
        await using var silo = new HostedSilo(Folder, "Kad:Edge:Enabled=true");
        var order = silo.Services.GetServices<IHostedService>().Select(service => service.GetType().Name).ToList();

        string[] inOrder = ["GenericWebHostService", "SiloHostedService", "EdgeService"];
        Assert.Equal(inOrder, order.Where(inOrder.Contains));
        Assert.Equal(KadOptions.SiloShutdownTimeout, silo.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout);
    }

    [Fact]
    public async Task A_silo_that_has_not_started_tells_what_it_knows()
    {
        await using var host = new HostedSilo(Folder);
        var own = host.Services.GetRequiredService<ILocalSiloDetails>();
        var silo = Assert.Single(await host.Services.GetRequiredService<IDhtAdmin>().GetSilosAsync(TestContext.Current.CancellationToken));
        Assert.Equal((own.SiloAddress.ToString(), own.Name, false, "starting"), (silo.Address, silo.Name, silo.IsReady, silo.Reason));
        Assert.Null(silo.ClockDifference);
        var status = await host.Services.GetRequiredService<SiloStatusReport>().CreateAsync(TestContext.Current.CancellationToken);
        Assert.Equal("starting", Assert.Single(status["silos"]!.AsArray())!["reason"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_failure_of_the_database_reaches_a_caller_as_what_it_is()
    {
        await using var silo = new HostedSilo(Folder);
        var serializer = silo.Services.GetRequiredService<Serializer>();
        var sent = serializer.SerializeToArray<Exception>(new PostgresException("no slots are left", "FATAL", "FATAL", "53300"));
        Assert.Contains("no slots are left", serializer.Deserialize<Exception>(sent)!.Message, StringComparison.Ordinal);
    }
}
