using FsCheck;
using FsCheck.Fluent;

namespace KadOrleans.Tests.Core;

/// <summary>What is written is read again, and nothing else. A failure prints the seed to replay it with.</summary>
public sealed class RoundTripProperties
{
    private static readonly byte[] Buffer = new byte[Datagram.MaxLength];

    [Fact]
    public void Calls_with_ids_come_back() => Check(
        from id in WireGenerators.MessageIds
        from sender in WireGenerators.Ids
        from target in WireGenerators.Ids
        select (id, sender, target),
        call =>
        {
            var ping = new PingRequest(call.sender);
            var findNode = new FindNodeRequest(call.sender, call.target);
            var findValue = new FindValueRequest(call.sender, call.target);
            Assert.Equal(ping, Decode(call.id, RequestWriter.WritePing(Buffer, call.id, ping)).AsPing());
            Assert.Equal(findNode, Decode(call.id, RequestWriter.WriteFindNode(Buffer, call.id, findNode)).AsFindNode());
            Assert.Equal(findValue, Decode(call.id, RequestWriter.WriteFindValue(Buffer, call.id, findValue)).AsFindValue());
            Assert.Equal(RequestKind.Stun, Decode(call.id, RequestWriter.WriteStun(Buffer, call.id)).Kind);
        });

    [Fact]
    public void Stores_come_back() => Check(
        from id in WireGenerators.MessageIds
        from sender in WireGenerators.Ids
        from key in WireGenerators.Ids
        from value in WireGenerators.Values
        select (id, request: new StoreRequest(sender, key, value)),
        call =>
        {
            Assert.True(RequestWriter.TryWriteStore(Buffer, call.id, call.request, out var length));
            Assert.Equal(call.request, Decode(call.id, length).AsStore());
        });

    [Fact]
    public void Values_come_back() => Check(
        from id in WireGenerators.MessageIds
        from value in WireGenerators.Values
        select (id, value),
        answer =>
        {
            var body = Body(answer.id, ResponseWriter.WriteValue(Buffer, answer.id, answer.value));
            Assert.True(ResponseReader.TryReadFindValue(body, [], out var count, out var value));
            Assert.Equal(0, count);
            Assert.Equal(answer.value, value);
        });

    [Fact]
    public void Contacts_come_back() => Check(
        from id in WireGenerators.MessageIds
        from contacts in WireGenerators.ContactLists
        select (id, contacts),
        answer =>
        {
            var read = new Contact[64];
            var body = Body(answer.id, ResponseWriter.WriteNodes(Buffer, answer.id, answer.contacts));
            Assert.True(ResponseReader.TryReadNodes(body, read, out var count));
            Assert.Equal(answer.contacts, read[..count]);
            Assert.True(ResponseReader.TryReadFindValue(body, read, out count, out var value));
            Assert.Equal(answer.contacts, read[..count]);
            Assert.Equal(DhtValueKind.None, value.Kind);
        });

    [Fact]
    public void Ids_endpoints_and_outcomes_come_back() => Check(
        from id in WireGenerators.MessageIds
        from self in WireGenerators.Ids
        from endpoint in WireGenerators.Endpoints
        from kept in Gen.Elements(true, false)
        select (id, self, endpoint, kept),
        answer =>
        {
            Assert.True(ResponseReader.TryReadPong(
                Body(answer.id, ResponseWriter.WritePong(Buffer, answer.id, answer.self)), out var self));
            Assert.Equal(answer.self, self);
            Assert.True(ResponseReader.TryReadStun(
                Body(answer.id, ResponseWriter.WriteStun(Buffer, answer.id, answer.endpoint)), out var endpoint));
            Assert.Equal(answer.endpoint, endpoint);
            Assert.True(ResponseReader.TryReadStored(
                Body(answer.id, ResponseWriter.WriteStored(Buffer, answer.id, answer.kept)), out var stored));
            Assert.Equal(answer.kept, stored);
        });

    private static void Check<T>(Gen<T> generator, Action<T> holds) =>
        Prop.ForAll(generator.ToArbitrary(), holds).QuickCheckThrowOnFailure();

    private static Request Decode(MessageId id, int length)
    {
        Assert.True(Datagram.TryReadHeader(Buffer.AsSpan(0, length), out var kind, out var readId, out var body, out _));
        Assert.Equal(DatagramKind.Request, kind);
        Assert.Equal(id, readId);
        Assert.True(Request.TryDecode(body, out var request, out _));
        return request;
    }

    private static ReadOnlySpan<byte> Body(MessageId id, int length)
    {
        Assert.True(Datagram.TryReadHeader(Buffer.AsSpan(0, length), out var kind, out var readId, out var body, out _));
        Assert.Equal(DatagramKind.Response, kind);
        Assert.Equal(id, readId);
        return body;
    }
}

/// <summary>Arbitrary ids, values and contacts.</summary>
internal static class WireGenerators
{
    public static Gen<NodeId> Ids { get; } = Bytes(NodeId.Length).Select(bytes => new NodeId(bytes));

    public static Gen<MessageId> MessageIds { get; } = Bytes(MessageId.Length).Select(bytes => new MessageId(bytes));

    public static Gen<DhtValue> Values { get; } = Gen.OneOf(
        ArbMap.Default.GeneratorFor<string?>().Select(text => DhtValue.FromString(text ?? "")),
        LengthsAtHeaderLimits().Select(length => DhtValue.FromString(new string('ä', length / 2))),
        LengthsAtHeaderLimits().SelectMany(Bytes).Select(DhtValue.FromBytes),
        Integers().Select(DhtValue.FromInteger),
        Bytes(8).Select(bits => DhtValue.FromFloat(BitConverter.ToDouble(bits))),
        Gen.Elements(DhtValue.FromBoolean(true), DhtValue.FromBoolean(false)));

    public static Gen<UdpEndpoint> Endpoints { get; } = Gen.OneOf(
            from address in Bytes(4)
            from port in Gen.Choose(1, ushort.MaxValue)
            select UdpEndpoint.FromIPv4(BitConverter.ToUInt32(address), (ushort)port),
            from address in SparseBytes(16)
            from port in Gen.Choose(1, ushort.MaxValue)
            select UdpEndpoint.FromIPv6(address, (ushort)port))
        .Where(endpoint => endpoint.IsUnicast);

    public static Gen<Contact[]> ContactLists { get; } =
        from count in Gen.Choose(0, 64)
        from contacts in (from id in Ids from endpoint in Endpoints select new Contact(id, endpoint)).ArrayOf(count)
        select contacts;

    public static Gen<byte[]> Bytes(int length) => Gen.Choose(0, 255).Select(i => (byte)i).ArrayOf(length);

    /// <summary>Many zeros, as IPv6 addresses have.</summary>
    private static Gen<byte[]> SparseBytes(int length) =>
        Gen.Frequency((2, Gen.Constant((byte)0)), (1, Gen.Choose(0, 255).Select(i => (byte)i))).ArrayOf(length);

    private static Gen<int> LengthsAtHeaderLimits() => Gen.OneOf(
        Gen.Choose(0, 40), Gen.Choose(250, 260), Gen.Choose(StoreRules.MaxContentLength - 3, StoreRules.MaxContentLength));

    /// <summary>Numbers next to a power of two, where widths change.</summary>
    private static Gen<Int128> Integers() =>
        from bits in Gen.Choose(0, 64)
        from offset in Gen.Choose(-2, 2)
        from negative in Gen.Elements(true, false)
        let magnitude = (Int128.One << bits) + offset
        select Int128.Clamp(negative ? -magnitude : magnitude, DhtValue.MinInteger, DhtValue.MaxInteger);
}
