using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;
using Orleans.Serialization;

namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class SiloHostTests
{
    [Fact]
    public async Task HTTP_starts_before_the_silo_and_the_edge_after_it()
    {
        var folder = Directory.CreateTempSubdirectory("kad-silo-").FullName;
        var host = SiloHost.Build(
            ["Kad:Silo:Port=0", "Kad:Silo:GatewayPort=0", $"Kad:Data={folder}"], new KadProviders(), TextWriter.Null);
        List<string> order;
        await using ((IAsyncDisposable)host)
        {
            order = [.. host.Services.GetServices<IHostedService>().Select(service => service.GetType().Name)];
            Assert.Equal(KadOptions.SiloShutdownTimeout, host.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout);
        }

        Directory.Delete(folder, recursive: true);
        var silo = Assert.Single(order, name => name == "SiloHostedService");
        Assert.True(order.IndexOf("GenericWebHostService") < order.IndexOf(silo), string.Join(", ", order));
        Assert.True(order.IndexOf("EdgeService") > order.IndexOf(silo), string.Join(", ", order));
        Assert.Contains("GenericWebHostService", order);
    }

    [Fact]
    public async Task A_silo_that_has_not_started_tells_what_it_knows()
    {
        using var folder = new TemporaryFolder();
        var host = SiloHost.Build(
            ["Kad:Silo:Port=0", "Kad:Silo:GatewayPort=0", $"Kad:Data={folder.Path}"], new KadProviders(), TextWriter.Null);
        await using ((IAsyncDisposable)host)
        {
            var own = host.Services.GetRequiredService<ILocalSiloDetails>();
            var silo = Assert.Single(await host.Services.GetRequiredService<IDhtAdmin>().GetSilosAsync(TestContext.Current.CancellationToken));
            Assert.Equal((own.SiloAddress.ToString(), own.Name, false, "starting"), (silo.Address, silo.Name, silo.IsReady, silo.Reason));
            Assert.Null(silo.ClockDifference);
            var status = await host.Services.GetRequiredService<SiloStatusReport>().CreateAsync(TestContext.Current.CancellationToken);
            Assert.Equal("starting", Assert.Single(status["silos"]!.AsArray())!["reason"]!.GetValue<string>());
        }
    }

    [Fact]
    public async Task A_failure_of_the_database_reaches_a_caller_as_what_it_is()
    {
        var folder = Directory.CreateTempSubdirectory("kad-silo-").FullName;
        var host = SiloHost.Build(
            ["Kad:Silo:Port=0", "Kad:Silo:GatewayPort=0", $"Kad:Data={folder}"], new KadProviders(), TextWriter.Null);
        await using ((IAsyncDisposable)host)
        {
            var serializer = host.Services.GetRequiredService<Serializer>();
            var sent = serializer.SerializeToArray<Exception>(new PostgresException("no slots are left", "FATAL", "FATAL", "53300"));
            Assert.Contains("no slots are left", serializer.Deserialize<Exception>(sent)!.Message, StringComparison.Ordinal);
        }

        Directory.Delete(folder, recursive: true);
    }
}
