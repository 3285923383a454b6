namespace KadOrleans.Tests.Node;

public sealed class AddressProofTests
{
    private static readonly UdpEndpoint Endpoint = UdpEndpoint.Parse("192.0.2.7:8468");

    private readonly ManualTimeProvider _clock = new();

    private AddressProofs Proofs => field ??= new(new SeededRandomSource(3), _clock);

    // From the tables of SipHash's authors: key 00 to 0f, messages 00, 01, 02 and so on.
    [Theory]
    [InlineData(0, 0x726FDB47DD0E0E31)]
    [InlineData(1, 0x93F5F5799A932462)]
    [InlineData(2, 0x3F2ACC7F57C29BDB)]
    public void The_hash_is_the_published_one(int words, ulong expected)
    {
        ulong[] message = [0x0706050403020100, 0x0F0E0D0C0B0A0908];

        Assert.Equal(expected, new KeyedHash(0x0706050403020100, 0x0F0E0D0C0B0A0908).Compute(message.AsSpan(0, words)));
    }

    [Fact]
    public void An_id_proves_the_endpoint_that_it_was_issued_for_and_no_other_and_tells_its_round_trip()
    {
        _clock.Advance(TimeSpan.FromDays(40));
        var id = Proofs.Issue(Endpoint);
        _clock.Advance(TimeSpan.FromMilliseconds(345));

        Assert.True(Proofs.IsProof(id, Endpoint, out var roundTrip));
        Assert.Equal(TimeSpan.FromMilliseconds(345), roundTrip);
        Assert.False(Proofs.IsProof(id, Endpoint.WithPort(8469), out _));
        Assert.False(Proofs.IsProof(id, UdpEndpoint.Parse("192.0.2.8:8468"), out _));
        Assert.NotEqual(id, Proofs.Issue(Endpoint));
        Assert.False(new AddressProofs(new SeededRandomSource(4), _clock).IsProof(id, Endpoint, out _));
    }

    [Fact]
    public void An_id_is_good_for_one_epoch_at_least_and_two_at_most()
    {
        for (var start = 0; start < 6; start++)
        {
            var id = Proofs.Issue(Endpoint);
            _clock.Advance(AddressProofs.Epoch);
            Assert.True(Proofs.IsProof(id, Endpoint, out _));
            _clock.Advance(AddressProofs.Epoch);
            Assert.False(Proofs.IsProof(id, Endpoint, out _));
            _clock.Advance(TimeSpan.FromSeconds(13));
        }
    }

    [Fact]
    public void A_changed_bit_anywhere_is_no_proof()
    {
        var bytes = new byte[20];
        for (var bit = 0; bit < 160; bit++)
        {
            Proofs.Issue(Endpoint).CopyTo(bytes);
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));

            Assert.False(Proofs.IsProof(new(bytes), Endpoint, out _));
        }
    }
}
