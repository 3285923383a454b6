using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace KadOrleans.Tests.Core;

[SuppressMessage("Security", "CA5350", Justification = "The recording names its datagrams by SHA-1.")]
public sealed class DatagramVectorTests
{
    /// <summary>The reference lists an IPv4 contact in mapped form when it listens on IPv6; we write plain IPv4.</summary>
    private static readonly HashSet<string> WrittenOtherwise = ["find_node-ipv6-text.response", "dualstack-stun.response"];

    private static readonly Dictionary<string, RecordedDatagram> ByName =
        WireVectors.Datagrams.ToDictionary(datagram => datagram.Name);

    public static TheoryData<string> Requests => [.. ByName.Values.Where(d => d.IsRequest).Select(d => d.Name)];

    public static TheoryData<string> Responses => [.. ByName.Values.Where(d => d.IsResponse).Select(d => d.Name)];

    [Fact]
    public void All_216_datagrams_are_as_recorded()
    {
        Assert.Equal(216, ByName.Count);
        Assert.All(ByName.Values.Concat(WireVectors.ServerHandling), datagram =>
        {
            Assert.Equal(datagram.Length, datagram.Bytes.Length);
            Assert.Equal(datagram.Sha1, Convert.ToHexStringLower(SHA1.HashData(datagram.Bytes)));
        });
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public void A_recorded_request_decodes_to_its_payload_and_is_written_the_same(string name)
    {
        var recorded = ByName[name];
        var call = recorded.Payload!.Value.Items;

        Assert.True(Datagram.TryReadHeader(recorded.Bytes, out var kind, out var id, out var body));
        Assert.Equal(DatagramKind.Request, kind);
        Assert.True(Request.TryDecode(body, out var request));
        var read = request.Kind == RequestKind.Store
            ? request.AsStore()
            : new StoreRequest(request.Sender, request.Target, default);
        Assert.Equal(call[0].Text, Encoding.ASCII.GetString(RequestFunction.NameOf(request.Kind)));
        Assert.Equal(new StoreRequest(IdAt(0), IdAt(1), call[1].Items.Count > 2 ? call[1].Items[2].ToValue() : default), read);
        Assert.Equal(recorded.Bytes, RequestBytes.Of(request.Kind, id, read));

        NodeId IdAt(int place) => call[1].Items.Count > place ? call[1].Items[place].ToNodeId() : default;
    }

    [Theory]
    [MemberData(nameof(Responses))]
    public void A_recorded_response_decodes_to_its_payload_and_is_written_the_same(string name)
    {
        var recorded = ByName[name];
        var request = ByName[name.Replace(".response", ".request", StringComparison.Ordinal)];

        Assert.True(Datagram.TryReadHeader(recorded.Bytes, out var kind, out var id, out var body));
        Assert.Equal(DatagramKind.Response, kind);
        var written = ReadAndWrite(request.Payload!.Value.Items[0].Text, recorded.Payload!.Value, id, body);
        Assert.Equal(WrittenOtherwise.Contains(name), !recorded.Bytes.SequenceEqual(written));
    }

    private static byte[] ReadAndWrite(string function, RecordedPayload payload, MessageId id, ReadOnlySpan<byte> body)
    {
        var buffer = new byte[Datagram.MaxLength];
        var contacts = new Contact[ResponseWriter.MaxContacts];
        var count = 0;
        switch (function)
        {
            case "ping":
                Assert.True(ResponseReader.TryReadPong(body, out var self));
                Assert.Equal(payload.ToNodeId(), self);
                return buffer[..ResponseWriter.WritePong(buffer, id, self)];
            case "stun":
                Assert.True(ResponseReader.TryReadStun(body, out var source));
                Assert.Equal(RecordedPayload.ToEndpoint(payload.Items[0], payload.Items[1]), source);
                return buffer[..ResponseWriter.WriteStun(buffer, id, source)];
            case "store":
                Assert.True(ResponseReader.TryReadStored(body, out var stored));
                Assert.Equal(payload.Boolean, stored);
                return buffer[..ResponseWriter.WriteStored(buffer, id, stored)];
            case "find_value" when payload.IsMap:
                Assert.True(ResponseReader.TryReadFindValue(body, contacts, out count, out var value));
                Assert.Equal(0, count);
                Assert.Equal(payload.Items[0].Items[1].ToValue(), value);
                return buffer[..ResponseWriter.WriteValue(buffer, id, value)];
            case "find_value":
                Assert.True(ResponseReader.TryReadFindValue(body, contacts, out count, out var none));
                Assert.Equal(default, none);
                break;
            default:
                Assert.True(ResponseReader.TryReadNodes(body, contacts, out count));
                break;
        }

        Assert.Equal(payload.Items.Select(ToContact), contacts[..count]);
        return buffer[..ResponseWriter.WriteNodes(buffer, id, contacts.AsSpan(0, count))];
    }

    private static Contact ToContact(RecordedPayload entry) => new(
        entry.Items[0].ToNodeId(), RecordedPayload.ToEndpoint(entry.Items[1], entry.Items[2]));
}
