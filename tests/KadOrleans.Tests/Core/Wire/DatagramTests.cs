namespace KadOrleans.Tests.Core;

public sealed class DatagramTests
{
    [Fact]
    public void Only_22_to_8218_bytes_are_a_datagram() => Assert.All([0, 21, 22, 8218, 8219, 65507], length =>
    {
        var isRead = Datagram.TryReadHeader(new byte[length], out _, out _, out var body);
        Assert.Equal((length is 22 or 8218, isRead ? length - 21 : 0), (isRead, body.Length));
    });

    [Fact]
    public void Only_0_and_1_begin_a_datagram()
    {
        var datagram = new byte[Datagram.MinLength];
        for (var first = 0; first <= byte.MaxValue; first++)
        {
            datagram[0] = (byte)first;
            Assert.Equal(first <= 1, Datagram.TryReadHeader(datagram, out var kind, out _, out _));
            Assert.Equal(first == 1 ? DatagramKind.Response : DatagramKind.Request, kind);
        }
    }
}

public class LifeTrailerTests
{
    private const string Ids = "c4140702c1cc60ff9e1331c47331a36ddd5d994ea38ac414893a227aaca1e12a5fa1c0201c0e38b8f3b1536b";
    private const string Store = "92a573746f726593" + Ids + "a568656c6c6f";
    private const string Found = "81a576616c7565a568656c6c6f";

    [Theory]
    [InlineData(0u, "ce00000000")]
    [InlineData(3599u, "ce00000e0f")]
    [InlineData(604_800u, "ce00093a80")]
    [InlineData(uint.MaxValue, "ceffffffff")]
    public void The_seconds_left_follow_the_body_as_five_bytes(uint seconds, string trailer)
    {
        var buffer = new byte[Datagram.MaxLength];
        var request = DecodeStore(Store) with { SecondsLeft = seconds };
        Assert.True(RequestWriter.TryWriteStore(buffer, default, request, out var length));
        Assert.Equal(Store + trailer, Body(buffer, length));
        Assert.Equal(request, DecodeStore(Store + trailer));

        length = ResponseWriter.WriteValue(buffer, default, request.Value, seconds);
        Assert.Equal(Found + trailer, Body(buffer, length));
        Assert.Equal(seconds, ResponseReader.ReadSecondsLeft(Convert.FromHexString(Found + trailer)));
    }

    [Theory]
    [InlineData(1u, "d200000001")]
    [InlineData(31_536_000u, "d201e13380")]
    [InlineData(int.MaxValue, "d27fffffff")]
    public void A_life_that_a_publisher_chose_is_an_int_and_of_a_store_alone(uint seconds, string trailer)
    {
        var buffer = new byte[Datagram.MaxLength];
        var request = DecodeStore(Store) with { SecondsLeft = seconds, IsChosen = true };
        Assert.True(RequestWriter.TryWriteStore(buffer, default, request, out var length));
        Assert.Equal(Store + trailer, Body(buffer, length));
        Assert.Equal(request, DecodeStore(Store + trailer));
        Assert.Null(ResponseReader.ReadSecondsLeft(Convert.FromHexString(Found + trailer)));
    }

    [Fact]
    public void Anything_else_behind_the_body_is_no_trailer_and_does_no_harm() => Assert.All(
        [
            "", "05", "cc05", "cd0005", "ce", "ce000000", "ce0000000500", "ce00000005ce00000005", "cf0000000000000005",
            "d2800000", "d280000005", "d20000000500", "ca00000005", "c4030000ff", "deadbeef", "deadbeefff",
        ],
        rest =>
        {
            Assert.Equal(DecodeStore(Store), DecodeStore(Store + rest));
            Assert.Null(ResponseReader.ReadSecondsLeft(Convert.FromHexString(Found + rest)));
        });

    [Fact]
    public void The_longest_value_has_room_for_a_trailer_and_a_longer_one_not_in_its_place()
    {
        var longest = new StoreRequest(default, default, DhtValue.FromBytes(new byte[StoreRules.MaxContentLength]), 7);
        var buffer = new byte[Datagram.MaxLength];
        Assert.True(RequestWriter.TryWriteStore(buffer, default, longest, out var length));
        Assert.Equal(Datagram.MaxLength, length);
        Assert.True(Datagram.TryReadHeader(buffer, out _, out _, out var body));
        Assert.True(Request.TryDecode(body, out var request));
        Assert.Equal(longest, request.AsStore());

        // One byte more of value, and no trailer: as long as a datagram may be, but not a body.
        var longer = body[..^LifeTrailer.Length].ToArray().Append((byte)0).ToArray();
        longer[51 + 3]++;
        Assert.False(Request.TryDecode(longer, out _));
    }

    private static StoreRequest DecodeStore(string hex)
    {
        Assert.True(Request.TryDecode(Convert.FromHexString(hex), out var request));
        return request.AsStore();
    }

    private static string Body(byte[] buffer, int length) =>
        Convert.ToHexStringLower(buffer.AsSpan(Datagram.HeaderLength, length - Datagram.HeaderLength));
}
