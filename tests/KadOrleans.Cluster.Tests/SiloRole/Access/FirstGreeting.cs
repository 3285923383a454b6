using System.Buffers.Binary;
using System.Net.Sockets;
using System.Reflection;
using Orleans.Serialization;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>The first message of an Orleans client, sent by hand.</summary>
internal static class FirstGreeting
{
    /// <summary>
    /// Whether a gateway answers the first message of a client of this name with its own: a client that it does not answer tries again for a minute
    /// and a half.
    /// </summary>
    public static async Task<bool> IsAnsweredAsync(int gateway, string name, ClusterKey? key = null)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, gateway);
        var stream = socket.GetStream();
        if (key is not null)
        {
            await RawHandshake.MakeAsync(stream, new PortTerms(PortKind.Gateway, "kad"), key);
        }

        await stream.WriteAsync(Of(name));
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
    private static byte[] Of(string name)
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
