using System.Buffers.Binary;
using System.Reflection;
using Orleans.Serialization;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>What an Orleans process sends first on a connection. Whoever knows the cluster's id can make it.</summary>
internal static class FirstMessages
{
    private static readonly Assembly Orleans = Assembly.Load("Orleans.Core");

    /// <summary>Of a client of this name.</summary>
    public static byte[] OfClient(string name) => Of(GrainId.Create("sys.client", name));

    /// <summary>Of a silo that does not tell its address.</summary>
    public static byte[] OfSilo() =>
        Of((GrainId)Orleans.GetType("Orleans.Runtime.Constants", throwOnError: true)!.GetField("SiloDirectConnectionId")!.GetValue(null)!);

    // Its type is Orleans' own.
    private static byte[] Of(GrainId sender)
    {
        var type = Orleans.GetType("Orleans.Runtime.Messaging.ConnectionPreamble", throwOnError: true)!;
        var message = Activator.CreateInstance(type)!;
        var version = type.GetProperty("NetworkProtocolVersion")!;
        version.SetValue(message, Enum.ToObject(version.PropertyType, 1));
        type.GetProperty("NodeIdentity")!.SetValue(message, sender);
        type.GetProperty("ClusterId")!.SetValue(message, "kad");
        using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var serializer = services.GetRequiredService(typeof(Serializer<>).MakeGenericType(type));
        var bytes = (byte[])serializer.GetType().GetMethod(nameof(Serializer<object>.SerializeToArray), [type])!.Invoke(serializer, [message])!;
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        return [.. length, .. bytes];
    }
}
