namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>Sources that change values of others: how many a shard lets them change, and what its silo logs.</summary>
[Collection(ShardCluster.Name)]
public sealed class ShardChangesTests(ClusterFixture cluster)
{
    private const int Shard = 220;
    private const int TooMany = 5;
    private const int ChangesRefused = 6018;
    private const string Told = "may change no more values of others in a shard within the hour; it changed";

    private static readonly int Limit = ShardQuota.Of(new StoreQuota(), ClusterFixture.ShardBits).ChangesPerSource;
    private static readonly IReadOnlyList<NodeId> Keys = [.. Samples.KeysOf(Shard, ClusterFixture.ShardBits).Take(Limit + TooMany)];

    private readonly IKeyShardGrain _shard = cluster.Shard(Shard);

    [Fact]
    public async Task A_source_beyond_its_limit_leaves_the_values_and_is_named_once_an_hour()
    {
        await PutAsync("198.51.100.1");

        await AssertRefusedAsync("203.0.113.1");
        cluster.Clock.Advance(TimeSpan.FromMinutes(59));
        await AssertRefusedAsync("192.0.2.1");
        Assert.Equal([$"203.0.113.1 {Told} {Limit} "], Lines());

        cluster.Clock.Advance(TimeSpan.FromMinutes(1));
        await AssertRefusedAsync("203.0.113.1");
        Assert.Equal([$"203.0.113.1 {Told} {Limit} ", $"203.0.113.1 {Told} {2 * Limit} "], Lines());
    }

    // Only this test refuses changes; a line's end says since when they are counted.
    private IEnumerable<string> Lines() => cluster.Log.Of(ChangesRefused).Select(line => line[..line.IndexOf("of them since", StringComparison.Ordinal)]);

    /// <summary>Changes all keys in one call, which is one write: as many as the limit are changed, the others stay as they were.</summary>
    private async Task AssertRefusedAsync(string source)
    {
        var before = await _shard.GetAsync([.. Keys]);
        var results = await PutAsync(source);
        var after = await _shard.GetAsync([.. Keys]);

        Assert.Equal([.. Enumerable.Repeat(StoreResult.Stored, Limit), .. Enumerable.Repeat(StoreResult.ChangeLimitExceeded, TooMany)], results);
        Assert.All(after.Take(Limit), value => Assert.Equal(ValueOf(source), value));
        Assert.Equal(before.Skip(Limit), after.Skip(Limit));
    }

    private ValueTask<IReadOnlyList<StoreResult>> PutAsync(string source) =>
        _shard.PutAsync([.. Keys.Select(key => new ShardPut(key, ValueOf(source)))]);

    private StoredValue ValueOf(string source) => cluster.Text($"{source} at {cluster.TimeOfDay.GetUtcNow():O}") with
    {
        Source = SourceNetwork.Of(UdpEndpoint.Parse($"{source}:1")),
    };
}
