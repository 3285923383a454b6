namespace KadOrleans.Tests.Core;

public sealed class TokenTrailerTests
{
    private const string Question = "c4080000000000000000";
    private const string Answer = "c40800112233445566f7";
    private const string Own = "c414893a227aaca1e12a5fa1c0201c0e38b8f3b1536b";
    private const string Ids = "c4140702c1cc60ff9e1331c47331a36ddd5d994ea38ac414893a227aaca1e12a5fa1c0201c0e38b8f3b1536b";

    private static readonly WriteToken Token = new(0x0011_2233_4455_66F7);
    private static readonly NodeId Id = NodeId.Parse("893a227aaca1e12a5fa1c0201c0e38b8f3b1536b");
    private static readonly NodeId Sender = NodeId.Parse("0702c1cc60ff9e1331c47331a36ddd5d994ea38a");

    private readonly byte[] _buffer = new byte[Datagram.MaxLength];

    [Fact]
    public void A_request_asks_by_ten_bytes_behind_it_and_a_STUN_never_does()
    {
        var requests = new (RequestKind Kind, string Body)[]
        {
            (RequestKind.Ping, "92a470696e6791" + Own),
            (RequestKind.FindNode, "92a966696e645f6e6f646592" + Ids),
            (RequestKind.FindValue, "92aa66696e645f76616c756592" + Ids),
        };
        Assert.All(requests, request =>
        {
            var (sender, target) = request.Kind == RequestKind.Ping ? (Id, default) : (Sender, Id);
            Assert.Equal(request.Body, Body(RequestWriter.Write(_buffer, default, request.Kind, sender, target)));
            Assert.Equal(request.Body + Question, Body(RequestWriter.Write(_buffer, default, request.Kind, sender, target, asksForToken: true)));
            Assert.False(Asks(request.Body));
            Assert.True(Asks(request.Body + Question));

            // Exactly these bytes, and nothing behind them.
            Assert.All(
                [Answer, Question + "00", Question[..^2], "c40800000000000000", "c507" + Question[4..], "00" + Question, "ce00000005"],
                rest => Assert.False(Asks(request.Body + rest)));
        });
        Assert.Equal("92a47374756e90", Body(RequestWriter.Write(_buffer, default, RequestKind.Stun, asksForToken: true)));
        Assert.False(Asks("92a47374756e90" + Question));
        Assert.False(Asks("92a573746f726593" + Ids + "01" + Question));
    }

    [Fact]
    public void A_pong_a_list_and_the_answer_to_a_STORE_may_end_with_a_token_and_are_read_the_same()
    {
        var contact = new Contact(Id, UdpEndpoint.Parse("11.0.0.1:8468"));
        var list = "9193" + Own + "a831312e302e302e31cd2114";
        AssertWritten(Own, token => ResponseWriter.WritePong(_buffer, default, Id, token));
        AssertWritten("c3", token => ResponseWriter.WriteStored(_buffer, default, true, token));
        AssertWritten("c2", token => ResponseWriter.WriteStored(_buffer, default, false, token));
        AssertWritten("90", token => ResponseWriter.WriteNodes(_buffer, default, [], token));
        AssertWritten(list, token => ResponseWriter.WriteNodes(_buffer, default, [contact], token));

        var contacts = new Contact[2];
        Assert.True(ResponseReader.TryReadPong(Hex(Own + Answer), out var self) && self == Id);
        Assert.True(ResponseReader.TryReadStored(Hex("c3" + Answer), out var stored) && stored);
        Assert.True(ResponseReader.TryReadNodes(Hex(list + Answer), contacts, out var count));
        Assert.Equal([contact], contacts[..count]);
        Assert.True(ResponseReader.TryReadFindValue(Hex(list + Answer), contacts, out count, out _) && count == 1);
    }

    [Fact]
    public void A_value_says_nothing_of_tokens_and_a_malformed_body_neither() => Assert.All(
        ["81a576616c7565a568656c6c6f", "81a576616c7565a568656c6c6f" + Answer, "81a576616c7565c0", "91", "c1", "", "de0001a576616c75650105"],
        body => Assert.False(ResponseReader.TryReadToken(Hex(body), out _)));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_id_of_a_STORE_bears_the_token_and_a_mark_and_is_random_behind_them(bool isAuthored)
    {
        var random = new SeededRandomSource(1);
        var ids = Enumerable.Range(0, 1_000).Select(_ => MessageId.Bearing(Token, isAuthored, random)).ToHashSet();

        Assert.Equal(1_000, ids.Count);
        Assert.All(ids, id => Assert.Equal((Token, isAuthored), (id.Token, id.SaysAuthored)));
        Assert.StartsWith(Answer[4..], ids.First().ToString(), StringComparison.Ordinal);

        // Each other bit is drawn.
        var bytes = ids.Select(id => Hex(id.ToString())[WriteToken.Length..]).ToList();
        for (var bit = 1; bit < 96; bit++)
        {
            Assert.InRange(bytes.Count(one => (one[bit / 8] & (0x80 >> (bit % 8))) != 0), 400, 600);
        }
    }

    [Fact]
    public void An_id_without_a_token_is_random_as_a_whole()
    {
        var (one, other) = (new SeededRandomSource(2), new SeededRandomSource(2));

        Assert.Equal(MessageId.Random(one), MessageId.Bearing(WriteToken.None, isAuthored: true, other));
    }

    private void AssertWritten(string body, Func<WriteToken, int> write)
    {
        Assert.Equal(body, Body(write(WriteToken.None)));
        Assert.Equal(body + Answer, Body(write(Token)));
        Assert.True(ResponseReader.TryReadToken(Hex(body), out var none) && none.IsNone);
        Assert.True(ResponseReader.TryReadToken(Hex(body + Answer), out var read));
        Assert.Equal(Token, read);
        Assert.True(ResponseReader.TryReadToken(Hex(body + Answer + "00"), out var longer) && longer.IsNone);
    }

    private static bool Asks(string body)
    {
        Assert.True(Request.TryDecode(Hex(body), out var request));
        return request.AsksForToken;
    }

    private string Body(int length) => Convert.ToHexStringLower(_buffer.AsSpan(Datagram.HeaderLength, length - Datagram.HeaderLength));

    private static byte[] Hex(string hex) => Convert.FromHexString(hex);
}
