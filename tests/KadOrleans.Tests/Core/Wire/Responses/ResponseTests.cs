namespace KadOrleans.Tests.Core;

public sealed class ResponseTests
{
    private const string Id = "c414000102030405060708090a0b0c0d0e0f10111213";
    private const string Good = "93" + Id + "a7312e322e332e34cd2114";

    private static readonly SeededRandomSource Random = new(11);

    private static readonly Contact GoodContact = new(
        NodeId.Parse("000102030405060708090a0b0c0d0e0f10111213"), UdpEndpoint.Parse("1.2.3.4:8468"));

    [Fact]
    public void A_bad_entry_is_left_out_and_the_others_are_kept()
    {
        string[] addresses =
        [
            "c0", "a0", "a96c6f63616c686f7374", "a3312e32", "a93939392e312e312e31", "ab666538303a3a3125657468",
            "a7302e302e302e30", "a93232342e302e302e31", "a23a3a",
        ];
        string[] ports = ["00", "ff", "ce00010000", "d3ffffffffffff2114", "a138", "cb40c0900000000000"];
        string[] others =
        [
            "c0", "90", $"92{Id}a7312e322e332e34", $"94{Id}a7312e322e332e34cd2114c0",
            "93c413000102030405060708090a0b0c0d0e0f101112a7312e322e332e34cd2114",
            "93b46161616161616161616161616161616161616161a7312e322e332e34cd2114",
        ];
        var withPort = addresses.Select(address => $"93{Id}{address}cd2114");
        var withAddress = ports.Select(port => $"93{Id}a7312e322e332e34{port}");
        Assert.All(
            withPort.Concat(withAddress).Concat(others),
            entry => Assert.Equal([GoodContact, GoodContact], ReadNodes("93" + Good + entry + Good)));
    }

    [Theory]
    [InlineData("91" + Good, AddressForm.Text)]
    [InlineData("91" + "93" + Id + "c40401020304cd2114", AddressForm.Bytes)]
    [InlineData("91" + "93" + Id + "01cd2114", AddressForm.Unknown)]
    [InlineData("91" + "93" + Id, AddressForm.Unknown)]
    [InlineData("91c0", AddressForm.Unknown)]
    [InlineData("90", AddressForm.Unknown)]
    [InlineData("80", AddressForm.Unknown)]
    [InlineData("c0", AddressForm.Unknown)]
    [InlineData("", AddressForm.Unknown)]
    public void The_form_of_addresses_is_that_of_the_first_contact(string body, AddressForm form) =>
        Assert.Equal(form, ResponseReader.ReadForm(Convert.FromHexString(body)));

    [Theory]
    [InlineData("c1")]
    [InlineData("a1ff")]
    [InlineData("93" + Id)]
    public void A_broken_entry_makes_the_whole_answer_malformed(string broken)
    {
        Assert.False(ResponseReader.TryReadNodes(Convert.FromHexString("92" + Good + broken), new Contact[1], out var count));
        Assert.Equal(0, count);
    }

    [Fact]
    public void No_more_contacts_are_read_than_the_span_holds()
    {
        var contacts = new Contact[3];
        var body = Convert.FromHexString("93" + Good + Good + Good);
        Assert.True(ResponseReader.TryReadNodes(body, contacts.AsSpan(0, 2), out var count));
        Assert.Equal(2, count);
        Assert.Equal([GoodContact, GoodContact, default], contacts);
    }

    [Fact]
    public void A_mapped_IPv4_address_is_the_IPv4_address() =>
        Assert.Equal([GoodContact], ReadNodes("9193" + Id + "ae3a3a666666663a312e322e332e34cd2114"));

    [Fact]
    public void Nil_false_zero_and_no_value_are_an_empty_list() => Assert.All(["90", "c0", "c2", "00", "81a576616c7565c0"], hex =>
    {
        Assert.True(ResponseReader.TryReadFindValue(Convert.FromHexString(hex), new Contact[1], out var count, out var value));
        Assert.Equal((0, default), (count, value));
    });

    [Fact]
    public void What_is_no_list_is_malformed_and_a_map_without_one_good_value_too()
    {
        Assert.All(["07", "ff", "c3", "a0", "c400", "cb0000000000000000", "80", "d405aa"], hex =>
        {
            Assert.False(ResponseReader.TryReadNodes(Convert.FromHexString(hex), new Contact[1], out _));
            AssertNoValue(hex);
        });
        Assert.All(
            [
                "82a576616c7565a176a576616c7565a177", "82a576616c7565a176c40576616c7565a177", "81a576616c756580",
                "81a576616c7565d405aa", "81a556616c7565a176", "8191a576616c7565a176", "82a576616c7565a176a178c1",
                "81a576616c7565a276",
            ],
            AssertNoValue);

        static void AssertNoValue(string hex)
        {
            Assert.False(ResponseReader.TryReadFindValue(Convert.FromHexString(hex), new Contact[1], out _, out var value));
            Assert.Equal(default, value);
        }
    }

    [Fact]
    public void Zero_false_and_empty_values_are_hits() => Assert.All(
        [DhtValue.FromInteger(0), DhtValue.FromBoolean(false), DhtValue.FromString(""), DhtValue.FromBytes([])],
        value =>
        {
            var body = Body(buffer => ResponseWriter.WriteValue(buffer, default, value));
            Assert.True(ResponseReader.TryReadFindValue(body, [], out _, out var read));
            Assert.Equal(value, read);
        });

    [Fact]
    public void A_stun_answer_has_two_or_four_items()
    {
        Assert.All(["92a7312e322e332e34cd2114", "92c407312e322e332e34cd2114", "94a7312e322e332e34cd21140000"], hex =>
        {
            Assert.True(ResponseReader.TryReadStun(Convert.FromHexString(hex), out var endpoint));
            Assert.Equal(GoodContact.Endpoint, endpoint);
        });
        Assert.All(
            [
                "93a7312e322e332e34cd211400", "91a7312e322e332e34", "94a7312e322e332e34cd2114c1c0", "92a7302e302e302e30cd2114",
                "92a7312e322e332e3400", "c0",
            ],
            hex => Assert.False(ResponseReader.TryReadStun(Convert.FromHexString(hex), out _)));
    }

    [Fact]
    public void Only_true_means_stored()
    {
        Assert.All([("c3", true), ("c2", false), ("c0", false)], read =>
        {
            Assert.True(ResponseReader.TryReadStored(Convert.FromHexString(read.Item1), out var stored));
            Assert.Equal(read.Item2, stored);
        });
        Assert.All(
            ["01", "90", "a474727565", "c1"],
            hex => Assert.False(ResponseReader.TryReadStored(Convert.FromHexString(hex), out _)));
    }

    [Fact]
    public void The_answer_of_a_mere_client_names_no_node()
    {
        var body = Body(buffer => ResponseWriter.WriteEmptyPong(buffer, MessageId.Random(Random)));
        Assert.Equal([0xC0], body);
        Assert.False(ResponseReader.TryReadPong(body, out _));
    }

    [Fact]
    public void The_most_contacts_fit_even_with_the_longest_addresses_and_one_more_is_refused()
    {
        var longest = UdpEndpoint.Parse("[2001:1db8:3db8:4db8:5db8:6db8:7db8:8db8]:65535");
        var ids = Enumerable.Range(0, ResponseWriter.MaxContacts + 1).Select(_ => NodeId.Random(Random));
        var contacts = ids.Select(id => new Contact(id, longest)).ToArray();
        var read = new Contact[contacts.Length];

        var body = Body(buffer => ResponseWriter.WriteNodes(buffer, default, contacts.AsSpan(1)));
        Assert.InRange(body.Length, Datagram.MaxBodyLength - 67, Datagram.MaxBodyLength);
        Assert.True(ResponseReader.TryReadNodes(body, read, out var count));
        Assert.Equal(contacts[1..], read[..count]);
        Assert.Throws<ArgumentException>(() => Body(buffer => ResponseWriter.WriteNodes(buffer, default, contacts)));
    }

    [Fact]
    public void A_value_that_does_not_fit_or_is_none_cannot_be_written() => Assert.All(
        [default, DhtValue.FromBytes(new byte[Datagram.MaxLength])],
        value => Assert.Throws<ArgumentException>(() => Body(buffer => ResponseWriter.WriteValue(buffer, default, value))));

    private static byte[] Body(Func<byte[], int> write)
    {
        var buffer = new byte[Datagram.MaxLength];
        return buffer[Datagram.HeaderLength..write(buffer)];
    }

    private static Contact[] ReadNodes(string hex)
    {
        var contacts = new Contact[20];
        Assert.True(ResponseReader.TryReadNodes(Convert.FromHexString(hex), contacts, out var count));
        return contacts[..count];
    }
}
