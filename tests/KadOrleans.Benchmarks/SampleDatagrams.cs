using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Simulation;
using KadOrleans.Wire;

namespace KadOrleans.Benchmarks;

/// <summary>One datagram of each kind, as another node sends it.</summary>
internal static class SampleDatagrams
{
    /// <summary>Length of the values that are stored and found, in bytes.</summary>
    public const int ValueLength = 64;

    public static MessageId Id { get; } = MessageId.Random(new SeededRandomSource(3));

    public static NodeId Key { get; } = NodeId.FromKey("key");

    public static DhtValue Value { get; } = DhtValue.FromBytes(new byte[ValueLength]);

    public static byte[] Ping(NodeId sender) => Write(b => RequestWriter.WritePing(b, Id, new PingRequest(sender)));

    public static byte[] FindNode(NodeId sender) =>
        Write(b => RequestWriter.WriteFindNode(b, Id, new FindNodeRequest(sender, Key)));

    public static byte[] FindValue(NodeId sender) =>
        Write(b => RequestWriter.WriteFindValue(b, Id, new FindValueRequest(sender, Key)));

    public static byte[] Store(NodeId sender) => Write(b =>
        RequestWriter.TryWriteStore(b, Id, new StoreRequest(sender, Key, Value), out var length) ? length : 0);

    public static byte[] Nodes(Contact[] contacts) => Write(b => ResponseWriter.WriteNodes(b, Id, contacts));

    private static byte[] Write(Func<byte[], int> write)
    {
        var buffer = new byte[Datagram.MaxLength];
        return buffer[..write(buffer)];
    }
}
