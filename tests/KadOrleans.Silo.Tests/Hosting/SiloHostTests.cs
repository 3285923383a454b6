using KadOrleans.Silo.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace KadOrleans.Silo.Tests.Hosting;

public sealed class SiloHostTests
{
    [Fact]
    public async Task HTTP_starts_before_the_silo_and_the_edge_after_it()
    {
        var folder = Directory.CreateTempSubdirectory("kad-silo-").FullName;
        var host = SiloHost.Build(
            ["Kad:Silo:Port=0", "Kad:Silo:GatewayPort=0", $"Kad:Data={folder}"], new Announcer(TextWriter.Null));
        List<string> order;
        await using ((IAsyncDisposable)host)
        {
            order = [.. host.Services.GetServices<IHostedService>().Select(service => service.GetType().Name)];
            Assert.Equal(SiloHost.ShutdownTimeout, host.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout);
        }

        Directory.Delete(folder, recursive: true);
        var silo = Assert.Single(order, name => name == "SiloHostedService");
        Assert.True(order.IndexOf("GenericWebHostService") < order.IndexOf(silo), string.Join(", ", order));
        Assert.True(order.IndexOf("EdgeService") > order.IndexOf(silo), string.Join(", ", order));
        Assert.Contains("GenericWebHostService", order);
    }
}
