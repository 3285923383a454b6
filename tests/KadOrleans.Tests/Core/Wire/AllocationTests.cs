namespace KadOrleans.Tests.Core;

/// <summary>What every stranger can make a node do costs no garbage.</summary>
public sealed class AllocationTests
{
    private const int Rounds = 1_000;

    [Fact]
    public void Refusing_a_datagram_allocates_nothing()
    {
        Assert.All(WireVectors.ServerHandling, recorded => Assert.Equal(0, BytesAllocatedBy(() => TryDecode(recorded.Bytes))));
    }

    [Fact]
    public void Writing_answers_allocates_nothing()
    {
        var random = new SeededRandomSource(3);
        var buffer = new byte[Datagram.MaxLength];
        var id = MessageId.Random(random);
        var self = NodeId.Random(random);
        var contacts = Enumerable.Range(1, 20)
            .Select(i => new Contact(NodeId.Random(random), UdpEndpoint.Parse(i % 2 == 0 ? $"192.0.2.{i}:{i}" : $"[2001:db8::{i}]:{i}")))
            .ToArray();

        Assert.Equal(0, BytesAllocatedBy(() => ResponseWriter.WritePong(buffer, id, self)));
        Assert.Equal(0, BytesAllocatedBy(() => ResponseWriter.WriteStored(buffer, id, true)));
        Assert.Equal(0, BytesAllocatedBy(() => ResponseWriter.WriteStun(buffer, id, contacts[0].Endpoint)));
        Assert.Equal(0, BytesAllocatedBy(() => ResponseWriter.WriteNodes(buffer, id, contacts)));
    }

    [Fact]
    public void Reading_a_list_of_IPv4_contacts_allocates_nothing()
    {
        var datagram = WireVectors.Datagrams.Single(d => d.Name == "find_node-19.response").Bytes;
        var contacts = new Contact[20];
        Assert.Equal(0, BytesAllocatedBy(() =>
            ResponseReader.TryReadNodes(datagram.AsSpan(Datagram.HeaderLength), contacts, out _)));
    }

    private static void TryDecode(byte[] datagram)
    {
        if (Datagram.TryReadHeader(datagram, out _, out _, out var body))
        {
            Request.TryDecode(body, out _);
        }
    }

    private static long BytesAllocatedBy(Action action) => Allocation.Of(() =>
    {
        for (var i = 0; i < Rounds; i++)
        {
            action();
        }
    });
}
