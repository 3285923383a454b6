using Orleans.Configuration;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>An Orleans client of a silo process, in the test's own.</summary>
internal static class OrleansClient
{
    public static async Task<IHost> StartAsync(int gateway, Action<IClientBuilder>? configure = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.UseOrleansClient(client =>
        {
            client
                .UseStaticClustering(new IPEndPoint(IPAddress.Loopback, gateway))
                .Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = ("kad", "kad"))
                .AddKadClient();
            configure?.Invoke(client);
        });
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }
}
