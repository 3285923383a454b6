namespace KadOrleans.Tests.Core;

public sealed class RequestTests
{
    private const string Id = "c414000102030405060708090a0b0c0d0e0f10111213";
    private const string Stun = "92a47374756e";
    private const string Ping = "92a470696e67";
    private const string FindNode = "92a966696e645f6e6f6465";
    private const string Store = "92a573746f726593" + Id + Id;

    private readonly byte[] _buffer = new byte[Datagram.MaxLength];

    [Fact]
    public void Another_request_is_no_store() =>
        Assert.Throws<InvalidOperationException>(() => Decode(Convert.FromHexString("92a470696e6791" + Id)).AsStore());

    [Fact]
    public void A_bad_request_is_refused() => Assert.All(
        [
            Store, Store + "a261", Store + "a1ff", Store + "91c1", Store + "92c0", "92a573746f726594" + Id + Id + "c0c0",
            "92a966696e645f6e6f646593" + Id + Id + "c0", "92a966696e645f6e6f646591" + Id, "92a966696e645f6e6f646592" + Id + "c0",
            "92a966696e645f6e6f646592c0" + Id, "92c404504f4e4790", "92a566696e645f90", "92a470696e67", "92c0", "90", "c0",
            "920590", "92a470696e6781" + Id,
        ],
        body => Assert.False(Request.TryDecode(Convert.FromHexString(body), out _)));

    /// <summary>Python's nodes take all that they can iterate.</summary>
    [Theory]
    [InlineData(Stun + "90", true)]
    [InlineData(Stun + "80", true)]
    [InlineData(Stun + "a0", true)]
    [InlineData(Stun + "c400", true)]
    [InlineData(Stun + "91c0", false)]
    [InlineData(Stun + "81c0c0", false)]
    [InlineData(Stun + "a161", false)]
    [InlineData(Stun + "c40161", false)]
    [InlineData(Stun + "c0", false)]
    [InlineData(Stun + "00", false)]
    [InlineData(Ping + "91" + Id, true)]
    [InlineData(Ping + "81" + Id + "c0", true)]
    [InlineData(Ping + "90", false)]
    [InlineData(Ping + "80", false)]
    [InlineData(Ping + "a0", false)]
    [InlineData(Ping + "c400", false)]
    [InlineData(FindNode + "92" + Id + Id, true)]
    [InlineData(FindNode + "82" + Id + "c0" + Id + "c0", false)]
    public void Arguments_are_an_array_or_an_empty_map_text_or_bin_or_the_key_of_a_map_of_one_pair(string body, bool isRequest) =>
        Assert.Equal(isRequest, Request.TryDecode(Convert.FromHexString(body), out _));

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
            Assert.Equal(levels == 14, Request.TryDecode(body, out _));
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
    public void The_longest_value_of_a_store_has_8137_bytes(int length, bool written) => Assert.All(
        [DhtValue.FromBytes(new byte[length]), DhtValue.FromString(new string('x', length))],
        value =>
        {
            var request = new StoreRequest(default, default, value);
            Assert.Equal(written, RequestWriter.TryWriteStore(_buffer, default, request, out var total));
            Assert.Equal(written ? Datagram.HeaderLength + Datagram.MaxBodyLength : 0, total);
            Assert.Equal(written, StoreRules.FindRefusal(value) is null);
        });

    [Fact]
    public void A_store_of_nothing_cannot_be_written()
    {
        Assert.Equal(StoreResult.UnsupportedType, StoreRules.FindRefusal(default));
        Assert.Throws<ArgumentException>(() => RequestWriter.TryWriteStore(_buffer, default, default, out _));
    }

    private static Request Decode(byte[] body)
    {
        Assert.True(Request.TryDecode(body, out var request));
        return request;
    }
}
