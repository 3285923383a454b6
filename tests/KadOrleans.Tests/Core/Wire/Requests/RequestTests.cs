namespace KadOrleans.Tests.Core;

public sealed class RequestTests
{
    private const string Id = "c414000102030405060708090a0b0c0d0e0f10111213";
    private const string Store = "92a573746f726593" + Id + Id;

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
    [InlineData("store", nameof(DecodeError.Truncated))]
    [InlineData("store a261", nameof(DecodeError.Truncated))]
    [InlineData("store a1ff", nameof(DecodeError.InvalidUtf8))]
    [InlineData("store 91c1", nameof(DecodeError.ReservedCode))]
    [InlineData("store 92c0", nameof(DecodeError.TooManyItems))]
    [InlineData("92a573746f726594" + Id + Id + "c0c0", nameof(DecodeError.WrongArguments))]
    [InlineData("92a966696e645f6e6f646593" + Id + Id + "c0", nameof(DecodeError.WrongArguments))]
    [InlineData("92a966696e645f6e6f646591" + Id, nameof(DecodeError.WrongArguments))]
    [InlineData("92a966696e645f6e6f646592" + Id + "c0", nameof(DecodeError.WrongArguments))]
    [InlineData("92a966696e645f6e6f646592c0" + Id, nameof(DecodeError.WrongArguments))]
    [InlineData("92c404504f4e4790", nameof(DecodeError.UnknownFunction))]
    [InlineData("92a566696e645f90", nameof(DecodeError.UnknownFunction))]
    [InlineData("92a470696e67", nameof(DecodeError.Truncated))]
    [InlineData("92c0", nameof(DecodeError.TooManyItems))]
    [InlineData("90", nameof(DecodeError.MalformedRequest))]
    [InlineData("c0", nameof(DecodeError.MalformedRequest))]
    [InlineData("9205" + "90", nameof(DecodeError.MalformedRequest))]
    public void A_bad_request_is_refused_for_its_reason(string hex, string expected)
    {
        var body = hex.StartsWith("store", StringComparison.Ordinal) ? Store + hex[5..].Trim() : hex;
        Assert.False(Request.TryDecode(Convert.FromHexString(body), out _, out var error));
        Assert.Equal(expected, error.ToString());
    }

    /// <summary>A map of one pair nests through its key; depth counts the same.</summary>
    [Theory]
    [InlineData("91", "")]
    [InlineData("81", "c0")]
    public void Sixteen_levels_of_nesting_are_read_and_no_more_of_which_a_stored_value_has_fourteen(string open, string close)
    {
        for (var levels = 14; levels <= 15; levels++)
        {
            var (opens, closes) = (Enumerable.Repeat(open, levels), Enumerable.Repeat(close, levels));
            var body = Convert.FromHexString($"{Store}{string.Concat(opens)}c0{string.Concat(closes)}");
            Assert.Equal(levels == 14, Request.TryDecode(body, out _, out var error));
            Assert.Equal(levels == 14 ? DecodeError.None : DecodeError.TooDeep, error);
        }
    }

    [Fact]
    public void A_stored_value_outlives_its_datagram()
    {
        var body = Convert.FromHexString(Store + "a161");
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
