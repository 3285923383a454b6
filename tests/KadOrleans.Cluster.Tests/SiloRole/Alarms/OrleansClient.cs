using Orleans.Configuration;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>An Orleans client of a silo process, in the test's own.</summary>
internal static class OrleansClient
{
    /// <param name="gateway">The port of the silo's gateway.</param>
    /// <param name="data">The silo's data folder, which has its keys; null: it has none.</param>
    /// <param name="configure">What else the client is.</param>
    public static async Task<IHost> StartAsync(int gateway, string? data = null, Action<IClientBuilder>? configure = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.UseOrleansClient(client =>
        {
            client
                .UseStaticClustering(new IPEndPoint(IPAddress.Loopback, gateway))
                .Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = ("kad", "kad"))
                .AddKadClient(options => options.GatewayKeyFile = data is null ? null : Path.Combine(data, "gateway-key"));
            configure?.Invoke(client);
        });
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }
}
