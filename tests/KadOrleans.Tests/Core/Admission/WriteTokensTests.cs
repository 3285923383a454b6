namespace KadOrleans.Tests.Core;

public sealed class WriteTokensTests
{
    private static readonly SourceNetwork Source = SourceNetwork.Of(UdpEndpoint.Parse("192.0.2.7:8468"));

    private readonly WriteTokens _tokens = new(KeyedHash.Create(new SeededRandomSource(1)));

    /// <summary>From any moment of an epoch on: five minutes at least, ten at most, then known as expired for 14 epochs, then nothing.</summary>
    [Fact]
    public void A_token_is_valid_in_its_epoch_and_the_next_and_known_as_expired_for_fourteen_more()
    {
        for (var second = 0; second < 40 * 300; second += 77)
        {
            var issued = TimeSpan.FromSeconds(second);
            var token = _tokens.Issue(Source, issued);
            for (var later = 0; later < 30 * 300; later += 60)
            {
                var now = issued + TimeSpan.FromSeconds(later);
                var age = ((second + later) / 300) - (second / 300);

                Assert.Equal(
                    age <= 1 ? TokenCheck.Valid : age <= 15 ? TokenCheck.Expired : TokenCheck.None,
                    _tokens.Check(token, Source, now));
            }
        }
    }

    [Fact]
    public void A_token_is_bound_to_the_source_as_accounts_count_it_and_to_the_process()
    {
        var token = _tokens.Issue(Source, default);

        Assert.Equal(TokenCheck.Valid, Check("192.0.2.7:1"));
        Assert.Equal(TokenCheck.Valid, _tokens.Check(token, Source.WithProof(true), default));
        Assert.Equal(TokenCheck.None, Check("192.0.2.8:8468"));
        Assert.Equal(TokenCheck.None, Check("[2001:db8::7]:8468"));
        Assert.Equal(TokenCheck.None, new WriteTokens(KeyedHash.Create(new SeededRandomSource(2))).Check(token, Source, default));

        var wide = _tokens.Issue(SourceNetwork.Of(UdpEndpoint.Parse("[2001:db8::7]:8468")), default);
        Assert.Equal(TokenCheck.Valid, _tokens.Check(wide, SourceNetwork.Of(UdpEndpoint.Parse("[2001:db8::ffff:8]:9")), default));
        Assert.Equal(TokenCheck.None, _tokens.Check(wide, SourceNetwork.Of(UdpEndpoint.Parse("[2001:db8:0:1::7]:8468")), default));

        TokenCheck Check(string endpoint) => _tokens.Check(token, SourceNetwork.Of(UdpEndpoint.Parse(endpoint)), default);
    }

    [Fact]
    public void A_changed_bit_anywhere_makes_it_nothing()
    {
        for (var epoch = 0; epoch < 32; epoch++)
        {
            var now = epoch * WriteTokens.Epoch;
            for (var bit = 0; bit < 64; bit++)
            {
                var changed = new WriteToken(_tokens.Issue(Source, now).Bits ^ (1UL << bit));
                Assert.Equal(TokenCheck.None, _tokens.Check(changed, Source, now));
            }
        }
    }

    /// <summary>The message ids of nodes that know of no tokens pass for none.</summary>
    [Fact]
    public void No_random_id_passes_for_a_token() => Randomized.ForSeeds(20, random =>
    {
        for (var i = 0; i < 20_000; i++)
        {
            var now = TimeSpan.FromSeconds(random.Next(1_000_000));
            Assert.Equal(TokenCheck.None, _tokens.Check(MessageId.Random(random).Token, Source, now));
        }
    });

    [Fact]
    public void A_check_allocates_nothing()
    {
        var token = _tokens.Issue(Source, default);

        Assert.Equal(0, Allocation.Of(() =>
        {
            for (var i = 0; i < 1_000; i++)
            {
                _tokens.Check(token, Source, default);
                _tokens.Issue(Source, default);
            }
        }));
    }
}
