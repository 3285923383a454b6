namespace KadOrleans.Tests.Core;

/// <summary>Nodes under Python 2 write native strings as bin: all that is read, and never written.</summary>
public sealed class LegacyVectorTests
{
    private static readonly NodeId Caller = NodeId.Parse("0702c1cc60ff9e1331c47331a36ddd5d994ea38a");
    private static readonly NodeId Key = NodeId.Parse("13fbd79c3d390e5d6585a21e11ff5ec1970cff0c");
    private static readonly UdpEndpoint Endpoint = UdpEndpoint.Parse("127.0.0.1:28468");
    private static readonly DhtValue NativeText = DhtValue.FromBytes("v"u8.ToArray());
    private static readonly DhtValue Unicode = DhtValue.FromString("v");

    [Theory]
    [InlineData("ping-request-body-rpcudp-1.x")]
    [InlineData("ping-request-body-rpcudp-2.x")]
    public void Ping_is_read_under_either_form_of_its_name_and_written_under_the_later(string name)
    {
        var ping = Decode(name);
        Assert.Equal((RequestKind.Ping, Caller), (ping.Kind, ping.Sender));
        var written = RequestBytes.Of(ping.Kind, default, new StoreRequest(ping.Sender, default, default));
        Assert.Equal(Body("ping-request-body-rpcudp-2.x"), written[Datagram.HeaderLength..]);
    }

    [Fact]
    public void Store_is_read_with_native_and_unicode_values()
    {
        var native = new StoreRequest(Caller, Key, NativeText);
        Assert.Equal(native, Decode("store-request-body-rpcudp-1.x-native-str-value").AsStore());
        Assert.Equal(native, Decode("store-request-body-rpcudp-2.x-native-str-value").AsStore());
        Assert.Equal(native with { Value = Unicode }, Decode("store-request-body-rpcudp-2.x-unicode-value").AsStore());
    }

    [Fact]
    public void Answers_are_read()
    {
        var contacts = new Contact[20];
        Assert.True(ResponseReader.TryReadPong(Body("ping-response-body"), out var id));
        Assert.Equal(Caller, id);
        Assert.True(ResponseReader.TryReadStun(Body("stun-response-body"), out var endpoint));
        Assert.Equal(Endpoint, endpoint);
        Assert.True(ResponseReader.TryReadStored(Body("store-response-body"), out var stored));
        Assert.True(stored);
        Assert.True(ResponseReader.TryReadNodes(Body("find_node-response-body"), contacts, out var count));
        Assert.Equal([new Contact(Caller, Endpoint)], contacts[..count]);
    }

    [Fact]
    public void A_value_is_read_under_a_bin_key()
    {
        Assert.True(ResponseReader.TryReadFindValue(Body("find_value-hit-response-body-native-str"), [], out _, out var native));
        Assert.Equal(NativeText, native);
        Assert.True(ResponseReader.TryReadFindValue(Body("find_value-hit-response-body-unicode"), [], out _, out var unicode));
        Assert.Equal(Unicode, unicode);
    }

    private static byte[] Body(string name) => WireVectors.LegacyBodies[name];

    private static Request Decode(string name)
    {
        Assert.True(Request.TryDecode(Body(name), out var request), name);
        return request;
    }
}
