namespace KadOrleans.Tests.Core;

public sealed class BanTests
{
    [Theory]
    [InlineData("203.0.113.9", "203.0.113.9/32")]
    [InlineData("203.0.113.9/24", "203.0.113.0/24")]
    [InlineData("10.1.2.3/8", "10.0.0.0/8")]
    [InlineData("::ffff:10.0.0.0/104", "10.0.0.0/8")]
    [InlineData("2001:db8::7", "2001:db8::7/128")]
    [InlineData("2001:db8::/16", "2001::/16")]
    [InlineData("FFffffffffffffffffffffffffffffffffffffff", "ffffffffffffffffffffffffffffffffffffffff")]
    [InlineData("3B6A27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29", "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29")]
    public void A_ban_is_an_id_an_owner_or_a_range(string text, string expected)
    {
        var ban = Ban.Parse(text);

        Assert.Equal(expected, ban.ToString());
        Assert.Equal(ban, Ban.Parse(ban.ToString()));
    }

    [Fact]
    public void Of_stored_bans_those_that_are_none_are_left_out() => Assert.Equal(
        [new BanEntry(Ban.Parse("203.0.113.9"), DateTimeOffset.UnixEpoch)],
        BanEntry.Read([("203.0.113.9/32", DateTimeOffset.UnixEpoch), ("of a later release", DateTimeOffset.UnixEpoch)]));

    [Fact]
    public void Other_texts_are_refused() => Assert.All(
        [
            null, "", "0.0.0.0/0", "10.0.0.0/7", "::/15", "203.0.113.0/33", "node.example.org", "203.0.113.9:8468",
            "fffffffffffffffffffffffffffffffffffffff",
        ],
        text =>
        {
            Assert.False(Ban.TryParse(text, out _));
            var refused = Assert.Throws<ArgumentException>(() => Ban.Parse(text!));
            Assert.EndsWith($"{Ban.Allowed}.", refused.Message, StringComparison.Ordinal);
        });

    [Fact]
    public void A_set_has_the_ids_and_addresses_that_are_banned()
    {
        var bans = SetOf("203.0.113.0/24", "198.51.100.7", "2001:db8::/32", NodeId.MaxValue.ToString());

        Assert.True(bans.Contains(NodeId.MaxValue));
        Assert.False(bans.Contains(NodeId.MinValue));
        Assert.All(["203.0.113.255:1", "198.51.100.7:9", "[2001:db8:ffff::1]:1", "[::ffff:203.0.113.4]:5"], banned =>
        {
            Assert.True(bans.Contains(UdpEndpoint.Parse(banned)));
            Assert.True(bans.Contains(new Contact(NodeId.MinValue, UdpEndpoint.Parse(banned))));
        });
        Assert.All(
            ["203.0.114.0:1", "198.51.100.8:9", "[2001:db9::1]:1"],
            other => Assert.False(bans.Contains(UdpEndpoint.Parse(other))));
        Assert.False(SetOf("2001::/16").Contains(UdpEndpoint.Parse("203.0.113.1:1")));
        Assert.False(BanSet.Empty.Contains(new Contact(NodeId.MaxValue, UdpEndpoint.Parse("203.0.113.1:1"))));
    }

    [Fact]
    public void The_number_of_bans_is_bounded()
    {
        IReadOnlyList<BanEntry> bans = [];
        for (var i = 0; i < BanBook.MaxBans; i++)
        {
            bans = BanBook.Add(bans, Ban.Parse($"10.0.{i >> 8}.{i & 255}"), [], Samples.Now)!;
        }

        Assert.Null(BanBook.Add(bans, Ban.Parse("10.0.0.0"), [], Samples.Now));
        var full = Assert.Throws<ArgumentException>(() => BanBook.Add(bans, Ban.Parse("10.1.0.0/16"), [], Samples.Now));
        Assert.Equal("There are 1024 bans, which is the most; ban a wider range in place of several.", full.Message);
        Assert.Equal(BanBook.MaxBans - 1, BanBook.Remove(bans, Ban.Parse("10.0.0.7"))!.Count);
        Assert.Null(BanBook.Remove(bans, Ban.Parse("10.0.0.7/31")));
    }

    private static BanSet SetOf(params string[] texts) => new(texts.Select(Ban.Parse));
}
