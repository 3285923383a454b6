using KadOrleans.Simulation;

namespace KadOrleans.Wire.Tests;

public sealed class DatagramTests
{
    [Theory]
    [InlineData(0, nameof(DecodeError.TooShort))]
    [InlineData(21, nameof(DecodeError.TooShort))]
    [InlineData(22, nameof(DecodeError.None))]
    [InlineData(8218, nameof(DecodeError.None))]
    [InlineData(8219, nameof(DecodeError.TooLong))]
    [InlineData(65507, nameof(DecodeError.TooLong))]
    public void Only_22_to_8218_bytes_are_a_datagram(int length, string expected)
    {
        var read = Datagram.TryReadHeader(new byte[length], out _, out _, out var body, out var error);
        Assert.Equal(expected, error.ToString());
        Assert.Equal(error == DecodeError.None, read);
        Assert.Equal(read ? length - 21 : 0, body.Length);
    }

    [Fact]
    public void Only_0_and_1_begin_a_datagram()
    {
        var datagram = new byte[Datagram.MinLength];
        for (var first = 0; first <= byte.MaxValue; first++)
        {
            datagram[0] = (byte)first;
            var read = Datagram.TryReadHeader(datagram, out var kind, out _, out _, out var error);
            Assert.Equal(first <= 1, read);
            Assert.Equal(first <= 1 ? DecodeError.None : DecodeError.UnknownKind, error);
            Assert.Equal(first == 1 ? DatagramKind.Response : DatagramKind.Request, kind);
        }
    }

    [Fact]
    public void A_message_id_keeps_each_of_its_20_bytes()
    {
        var id = MessageId.Random(new SeededRandomSource(1));
        var bytes = new byte[MessageId.Length];
        id.CopyTo(bytes);
        Assert.Equal(Convert.ToHexStringLower(bytes), id.ToString());
        Assert.Equal(id, new MessageId(bytes));
        Assert.Equal(id.GetHashCode(), new MessageId(bytes).GetHashCode());
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 1;
            Assert.NotEqual(id, new MessageId(bytes));
            bytes[i] ^= 1;
        }
    }

    [Theory]
    [InlineData(19)]
    [InlineData(21)]
    public void A_message_id_of_another_length_is_a_bug_of_the_caller(int length)
    {
        Assert.Throws<ArgumentException>(() => new MessageId(new byte[length]));
    }
}
