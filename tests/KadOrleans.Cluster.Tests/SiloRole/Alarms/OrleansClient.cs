using System.Net.Sockets;
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

    /// <summary>
    /// Whether a gateway answers the first message of a client of this name with its own: a client that it does not answer tries again for a minute
    /// and a half.
    /// </summary>
    public static async Task<bool> IsGreetedAsync(int gateway, string name)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, gateway);
        var stream = socket.GetStream();
        await stream.WriteAsync(FirstMessages.OfClient(name));
        var buffer = new byte[4];
        try
        {
            return await stream.ReadAsync(buffer).AsTask().WaitAsync(TimeSpan.FromMinutes(1)) > 0;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
