namespace KadOrleans.Tests.Core;

public sealed class LimitBookTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly LimitValues Settings = new(new StoreQuota(), new SourceLimits(), new UploadLimits(), 200);

    [Fact]
    public void Each_limit_is_changed_read_and_set_back_and_no_other_with_it()
    {
        foreach (var limit in Limit.All)
        {
            var set = LimitBook.Set([], limit.Name.ToUpperInvariant(), limit.Least + 1, int.MaxValue, Now)!;

            Assert.Equal([new LimitEntry(limit.Name, limit.Least + 1, Now)], set);
            var values = LimitBook.Apply(Settings, set, int.MaxValue);
            Assert.Equal(limit.Least + 1, limit.Read(values));
            Assert.All(Limit.All.Where(other => other != limit), other => Assert.Equal(other.Read(Settings), other.Read(values)));
            Assert.Null(LimitBook.Set(set, limit.Name, limit.Least + 1, int.MaxValue, Now.AddDays(1)));
            Assert.Equal([new(limit.Name, limit.Most, Now)], LimitBook.Set(set, limit.Name, limit.Most, int.MaxValue, Now));
            Assert.Empty(LimitBook.Set(set, limit.Name, null, int.MaxValue, Now)!);
        }

        Assert.Null(LimitBook.Set([], "totalKeys", null, int.MaxValue, Now));
        Assert.Equal(Limit.All.Count, Limit.All.Select(limit => limit.Name).Distinct().Count());
    }

    [Theory]
    [InlineData("totalKeys", -1, "The limit totalKeys is -1; 0 to 1000 keys are allowed, as more do not fit into the memory of this process.")]
    [InlineData("TOTALKEYS", 1_001, "The limit totalKeys is 1001; 0 to 1000 keys are allowed, as more do not fit into the memory of this process.")]
    [InlineData("totalBytes", long.MaxValue, "The limit totalBytes is 9223372036854775807; 0 to 1125899906842624 bytes are allowed.")]
    [InlineData("upload", 5, "The limit upload is 5; 16384 to 1000000000000 bytes per second are allowed, or 0 for no bound.")]
    [InlineData("requestsPerSource", 0, "The limit requestsPerSource is 0; 1 to 10000000 requests per second are allowed.")]
    [InlineData("reservePercent", 91, "The limit reservePercent is 91; 0 to 90 percent are allowed.")]
    [InlineData("crawlRate", 10_001, "The limit crawlRate is 10001; 1 to 10000 datagrams per second are allowed.")]
    public void A_value_that_is_not_allowed_is_refused_in_a_sentence(string name, long value, string expected)
    {
        var refused = Assert.Throws<ArgumentException>(() => LimitBook.Set([], name, value, mostKeys: 1_000, Now));

        Assert.Equal(expected, refused.Message);
        Assert.Equal(Settings, LimitBook.Apply(Settings, [new LimitEntry(name, value, Now)], mostKeys: 1_000));
    }

    [Fact]
    public void A_name_that_is_none_is_refused_with_those_that_are()
    {
        var refused = Assert.Throws<ArgumentException>(() => LimitBook.Set([], "\u001b[2Jkeys", 1, int.MaxValue, Now));

        Assert.StartsWith("There is no limit '␛[2Jkeys'; totalKeys, totalBytes, ", refused.Message, StringComparison.Ordinal);
        Assert.Equal(Settings, LimitBook.Apply(Settings, [new LimitEntry("ofALaterRelease", 1, Now)], int.MaxValue));
    }

    [Fact]
    public void The_list_has_settings_and_what_replaces_them_and_leaves_edges_theirs()
    {
        LimitEntry[] entries = [new("totalKeys", 7, Now), new("upload", 0, Now), new("keysPerSource", -5, Now)];

        var node = LimitDetails.List(Settings, entries, mostKeys: 9, isCluster: false);
        var cluster = LimitDetails.List(Settings, entries, mostKeys: 9, isCluster: true);

        Assert.Equal(Limit.All, node.Select(limit => limit.Limit));
        Assert.Equal((1_000_000L, 7L, Now, 9L), Row(node, "totalKeys"));
        Assert.Equal((100_000L, 100_000L, null, (long)int.MaxValue), Row(node, "keysPerSource"));
        Assert.Equal((1_000_000L, 1_000_000L, null, UploadLimits.Most), Row(node, "uploadPerEndpoint"));
        Assert.Equal((null, null, null, UploadLimits.Most), Row(cluster, "uploadPerEndpoint"));
        Assert.Equal((null, 0L, Now, UploadLimits.Most), Row(cluster, "upload"));
        Assert.Equal((200L, 200L, null, 10_000L), Row(cluster, "crawlRate"));

        static (long?, long?, DateTimeOffset?, long) Row(IReadOnlyList<LimitDetails> rows, string name) =>
            rows.Single(row => row.Limit.Name == name) is var row ? (row.Setting, row.Value, row.Since, row.Most) : default;
    }
}
