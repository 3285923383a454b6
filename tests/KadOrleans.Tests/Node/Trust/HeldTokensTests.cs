namespace KadOrleans.Tests.Node;

public sealed class HeldTokensTests
{
    private static readonly UdpEndpoint Endpoint = UdpEndpoint.Parse("192.0.2.7:8468");

    private readonly ManualTimeProvider _clock = new();
    private readonly byte[] _buffer = new byte[Datagram.MaxLength];

    private HeldTokens Tokens => field ??= new(_clock);

    [Fact]
    public void A_token_is_shown_while_it_is_fresh_and_a_later_one_in_its_place()
    {
        Assert.False(Tokens.TryGet(Endpoint, out _));
        Learn(Endpoint, 1);
        _clock.Advance(HeldTokens.Fresh - TimeSpan.FromSeconds(1));
        Assert.Equal(1ul, Get());

        Learn(Endpoint, 2);
        _clock.Advance(HeldTokens.Fresh - TimeSpan.FromSeconds(1));
        Assert.Equal(2ul, Get());
        Assert.False(Tokens.TryGet(Endpoint.WithPort(1), out _));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(Tokens.TryGet(Endpoint, out _));

        ulong Get()
        {
            Assert.True(Tokens.TryGet(Endpoint, out var token));
            return token.Bits;
        }
    }

    [Fact]
    public void That_an_endpoint_gives_none_is_known_for_half_an_hour_to_an_hour_and_only_if_it_was_asked()
    {
        Learn(Endpoint, 0, wasAsked: false);
        Assert.False(Tokens.TryGet(Endpoint, out _));

        Learn(Endpoint, 0);
        _clock.Advance(HeldTokens.NoneGeneration);
        Assert.True(Tokens.TryGet(Endpoint, out var token) && token.IsNone);
        _clock.Advance(HeldTokens.NoneGeneration);
        Assert.False(Tokens.TryGet(Endpoint, out _));

        // One that learns to give tokens is believed at once, and one that unlearns it too.
        Learn(Endpoint, 0);
        Learn(Endpoint, 7);
        Assert.True(Tokens.TryGet(Endpoint, out token) && token.Bits == 7);
        Learn(Endpoint, 0);
        Assert.True(Tokens.TryGet(Endpoint, out token) && token.IsNone);
    }

    [Fact]
    public void A_token_that_its_giver_does_not_know_is_forgotten_and_a_later_one_kept()
    {
        Learn(Endpoint, 1);
        Tokens.Forget(Endpoint, new WriteToken(2));
        Assert.True(Tokens.TryGet(Endpoint, out _));
        Tokens.Forget(Endpoint, new WriteToken(1));
        Assert.False(Tokens.TryGet(Endpoint, out _));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Tokens_of_a_million_endpoints_take_bounded_memory_and_one_network_takes_a_part(bool isOneNetwork)
    {
        Learn(Endpoint, 1);
        for (var i = 0u; i < 1_000_000; i++)
        {
            var endpoint = isOneNetwork
                ? UdpEndpoint.FromIPv4(0x0B00_0000 + (i & 0xFF), (ushort)(1 + (i >> 8)))
                : UdpEndpoint.FromIPv4(0x0B00_0001 + (i << 4), 8468);
            Learn(endpoint, 7 + i);
        }

        Assert.InRange(Tokens.Count, 1, 2 * EndpointGenerations<bool>.Capacity);
        Assert.Equal(isOneNetwork, Tokens.Count <= EndpointGenerations<bool>.MaxPerSubnet + 1);
        Assert.Equal(isOneNetwork, Tokens.TryGet(Endpoint, out _));
    }

    [Fact]
    public void Looking_one_up_allocates_nothing()
    {
        Learn(Endpoint, 1);

        Assert.Equal(0, Allocation.Of(() =>
        {
            for (var i = 0; i < 1_000; i++)
            {
                Tokens.TryGet(Endpoint, out _);
                Learn(Endpoint, 2);
            }
        }));
    }

    private void Learn(UdpEndpoint endpoint, ulong bits, bool wasAsked = true)
    {
        var length = ResponseWriter.WritePong(_buffer, default, default, new WriteToken(bits));
        Tokens.Learn(endpoint, _buffer.AsSpan(Datagram.HeaderLength, length - Datagram.HeaderLength), wasAsked);
    }
}
