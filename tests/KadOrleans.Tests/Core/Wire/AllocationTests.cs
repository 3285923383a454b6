namespace KadOrleans.Tests.Core;

/// <summary>What every stranger can make a node do costs no garbage.</summary>
public sealed class AllocationTests
{
    [Fact]
    public void Refusing_a_datagram_allocates_nothing() => Assert.All(WireVectors.ServerHandling, recorded => AssertNone(() =>
    {
        if (Datagram.TryReadHeader(recorded.Bytes, out _, out _, out var body))
        {
            Request.TryDecode(body, out _);
        }
    }));

    [Fact]
    public void Writing_and_reading_contacts_allocates_nothing()
    {
        var random = new SeededRandomSource(3);
        var buffer = new byte[Datagram.MaxLength];
        var contacts = Enumerable.Range(1, 20)
            .Select(i => new Contact(NodeId.Random(random), UdpEndpoint.Parse(i % 2 == 0 ? $"192.0.2.{i}:{i}" : $"[2001:db8::{i}]:{i}")))
            .ToArray();
        var datagram = WireVectors.Datagrams.Single(d => d.Name == "find_node-19.response").Bytes;

        AssertNone(() => ResponseWriter.WriteStun(buffer, default, contacts[0].Endpoint));
        AssertNone(() => ResponseWriter.WriteNodes(buffer, default, contacts));
        AssertNone(() => ResponseReader.TryReadNodes(datagram.AsSpan(Datagram.HeaderLength), contacts, out _));
    }

    private static void AssertNone(Action action) => Assert.Equal(0, Allocation.Of(() =>
    {
        for (var i = 0; i < 1_000; i++)
        {
            action();
        }
    }));
}
