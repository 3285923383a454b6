using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Lab.Benchmarking;
using KadOrleans.Wire;

namespace KadOrleans.Lab.Tests.Benchmarking;

public sealed class KademliaRequestsTests
{
    private static readonly Contact[] OneContact = [new(NodeId.FromKey("a"), UdpEndpoint.Parse("127.0.0.1:1"))];

    [Fact]
    public void An_answer_without_contacts_is_expected_only_of_a_target_that_has_none()
    {
        var empty = Write(buffer => ResponseWriter.WriteNodes(buffer, default, []));
        var one = Write(buffer => ResponseWriter.WriteNodes(buffer, default, OneContact));

        Assert.True(Create(BenchOperation.FindNode, hasContacts: false).IsExpected(empty));
        Assert.False(Create(BenchOperation.FindNode, hasContacts: true).IsExpected(empty));
        Assert.True(Create(BenchOperation.FindNode, hasContacts: true).IsExpected(one));
    }

    [Fact]
    public void Contacts_in_place_of_a_value_a_refusal_and_a_clients_pong_are_not_expected()
    {
        var contacts = Write(buffer => ResponseWriter.WriteNodes(buffer, default, OneContact));
        var value = Write(buffer => ResponseWriter.WriteValue(buffer, default, DhtValue.FromBytes([1])));
        var client = Write(buffer => ResponseWriter.WriteEmptyPong(buffer, default));
        var node = Write(buffer => ResponseWriter.WritePong(buffer, default, OneContact[0].Id));

        Assert.False(Create(BenchOperation.FindValue).IsExpected(contacts));
        Assert.True(Create(BenchOperation.FindValue).IsExpected(value));
        Assert.False(Create(BenchOperation.FindNode).IsExpected(value));
        Assert.False(Create(BenchOperation.Store).IsExpected(Write(buffer => ResponseWriter.WriteStored(buffer, default, stored: false))));
        Assert.True(Create(BenchOperation.Store).IsExpected(Write(buffer => ResponseWriter.WriteStored(buffer, default, stored: true))));
        Assert.False(Create(BenchOperation.Ping).IsExpected(client));
        Assert.True(Create(BenchOperation.Ping).IsExpected(node));
    }

    [Fact]
    public void Each_request_has_its_ids_where_it_says()
    {
        var mix = KademliaRequests.Of(BenchOperation.Mix, hasContacts: true);

        Assert.Equal(10, mix.Length);
        Assert.All(mix, request => Assert.Equal(Datagram.IdOffset, request.IdAt));
        Assert.All(mix, request => Assert.True(request.SenderAt > request.IdAt));
        Assert.All(mix, request => Assert.Equal(request.Kind != RequestKind.Ping, request.KeyAt >= 0));
        Assert.All(mix, request => Assert.Equal(request.Kind == RequestKind.Store, request.ValueAt >= 0));
        Assert.All(mix, request => Assert.True(request.Bytes.Length <= RequestTemplate.MaxLength));
    }

    private static RequestTemplate Create(BenchOperation operation, bool hasContacts = true) =>
        Assert.Single(KademliaRequests.Of(operation, hasContacts));

    private static byte[] Write(Func<byte[], int> write)
    {
        var buffer = new byte[Datagram.MaxLength];
        return buffer[..write(buffer)];
    }
}
