namespace KadOrleans.Tests.Core;

public sealed class RequestTests
{
    private const string Id = "c414000102030405060708090a0b0c0d0e0f10111213";

    private static readonly SeededRandomSource Random = new(7);

    [Fact]
    public void A_request_gives_itself_as_its_own_kind_only()
    {
        var body = Convert.FromHexString("92a470696e6791" + Id);
        Assert.Throws<InvalidOperationException>(() => Decode(body).AsStore());
        Assert.Throws<InvalidOperationException>(() => Decode(body).AsFindNode());
        Assert.Throws<InvalidOperationException>(() => Decode(body).AsFindValue());
        Assert.Throws<InvalidOperationException>(() => Decode(Convert.FromHexString("92a47374756e90")).AsPing());
        Assert.Equal(RequestKind.Ping, Decode(body).Kind);
    }

    [Theory]
    [InlineData("92a573746f726593" + Id + Id + "a1ff", nameof(DecodeError.InvalidUtf8))]
    [InlineData("92a573746f726593" + Id + Id + "c1", nameof(DecodeError.ReservedCode))]
    [InlineData("92a573746f726593" + Id + Id + "91c1", nameof(DecodeError.ReservedCode))]
    [InlineData("92a573746f726593" + Id + Id + "92c0", nameof(DecodeError.TooManyItems))]
    [InlineData("92a573746f726593" + Id + Id + "a261", nameof(DecodeError.Truncated))]
    [InlineData("92a573746f726593" + Id + Id, nameof(DecodeError.Truncated))]
    [InlineData("92a573746f726594" + Id + Id + "c0c0", nameof(DecodeError.WrongArguments))]
    [InlineData("92a966696e645f6e6f646593" + Id + Id + "c0", nameof(DecodeError.WrongArguments))]
    [InlineData("92a966696e645f6e6f646591" + Id, nameof(DecodeError.WrongArguments))]
    [InlineData("92a966696e645f6e6f646592" + Id + "c0", nameof(DecodeError.WrongArguments))]
    [InlineData("92a966696e645f6e6f646592c0" + Id, nameof(DecodeError.WrongArguments))]
    [InlineData("92c404504f4e4790", nameof(DecodeError.UnknownFunction))]
    [InlineData("92a566696e645f90", nameof(DecodeError.UnknownFunction))]
    [InlineData("92a470696e67", nameof(DecodeError.Truncated))]
    [InlineData("92c0", nameof(DecodeError.TooManyItems))]
    public void A_bad_request_is_refused_for_its_reason(string hex, string expected)
    {
        Assert.False(Request.TryDecode(Convert.FromHexString(hex), out _, out var error));
        Assert.Equal(expected, error.ToString());
    }

    [Theory]
    [InlineData(14, true)]
    [InlineData(15, false)]
    public void A_stored_value_nests_as_deep_as_the_message_leaves_room_for(int levels, bool accepted)
    {
        var nested = string.Concat(Enumerable.Repeat("91", levels)) + "c0";
        var body = Convert.FromHexString("92a573746f726593" + Id + Id + nested);
        Assert.Equal(accepted, Request.TryDecode(body, out _, out var error));
        Assert.Equal(accepted ? DecodeError.None : DecodeError.TooDeep, error);
    }

    [Fact]
    public void A_stored_value_outlives_its_datagram()
    {
        var body = Convert.FromHexString("92a573746f726593" + Id + Id + "a161");
        var stored = Decode(body).AsStore();
        body.AsSpan().Clear();
        Assert.Equal(DhtValue.FromString("a"), stored.Value);
    }

    [Theory]
    [InlineData(8137, true)]
    [InlineData(8138, false)]
    [InlineData(70_000, false)]
    public void The_longest_value_of_a_store_has_8137_bytes(int length, bool written)
    {
        DhtValue[] values = [DhtValue.FromBytes(new byte[length]), DhtValue.FromString(new string('x', length))];
        var buffer = new byte[Datagram.MaxLength];
        Assert.All(values, value =>
        {
            var request = new StoreRequest(NodeId.Random(Random), NodeId.Random(Random), value);
            Assert.Equal(written, RequestWriter.TryWriteStore(buffer, default, request, out var total));
            Assert.Equal(written ? Datagram.HeaderLength + Datagram.MaxBodyLength : 0, total);
            Assert.Equal(written, StoreRules.FindRefusal(value) is null);
        });
    }

    [Fact]
    public void A_store_of_nothing_cannot_be_written()
    {
        var request = new StoreRequest(NodeId.Random(Random), NodeId.Random(Random), default);
        Assert.Throws<ArgumentException>(
            () => RequestWriter.TryWriteStore(new byte[Datagram.MaxLength], default, request, out _));
    }

    private static Request Decode(byte[] body)
    {
        Assert.True(Request.TryDecode(body, out var request, out _));
        return request;
    }
}
