using System.Buffers.Binary;
using System.Net.Sockets;
using System.Reflection;
using Orleans.Configuration;
using Orleans.Serialization;

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
        await stream.WriteAsync(FirstMessageOf(name));
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

    // Its type is Orleans' own.
    private static byte[] FirstMessageOf(string name)
    {
        var type = Assembly.Load("Orleans.Core").GetType("Orleans.Runtime.Messaging.ConnectionPreamble", throwOnError: true)!;
        var message = Activator.CreateInstance(type)!;
        var version = type.GetProperty("NetworkProtocolVersion")!;
        version.SetValue(message, Enum.ToObject(version.PropertyType, 1));
        type.GetProperty("NodeIdentity")!.SetValue(message, GrainId.Create("sys.client", name));
        type.GetProperty("ClusterId")!.SetValue(message, "kad");
        using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var serializer = services.GetRequiredService(typeof(Serializer<>).MakeGenericType(type));
        var bytes = (byte[])serializer.GetType().GetMethod(nameof(Serializer<object>.SerializeToArray), [type])!.Invoke(serializer, [message])!;
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        return [.. length, .. bytes];
    }
}
