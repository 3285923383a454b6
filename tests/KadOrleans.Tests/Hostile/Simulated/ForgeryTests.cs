using KadOrleans.Shards;
using KadOrleans.Tests.Shards;

namespace KadOrleans.Tests.Hostile;

/// <summary>What one blind host achieves that stores in the name of live nodes.</summary>
public sealed class ForgeryTests
{
    private const int Seed = 20_261_121;

    /// <summary>
    /// The rule before there were tokens: a ping proves that somebody lives at the address, not that he wrote. One in sixty is stored in its own
    /// author's name, which shows a token.
    /// </summary>
    [Fact]
    public void Without_the_bound_all_values_are_replaced_but_those_that_are_forged_in_their_authors_names()
    {
        var result = ForgeryTrial.Run(Seed, changes: 1_000_000, rounds: 1);

        const int inOwnName = ForgeryTrial.Keys / ForgeryTrial.Nodes;
        Assert.Equal((ForgeryTrial.Keys, ForgeryTrial.Keys - inOwnName), (result.Authored, result.Replaced));
    }

    [Theory]
    [InlineData(60, 60)]
    [InlineData(0, 0)]
    public void Within_an_hour_as_many_are_replaced_as_the_bound_allows(int changes, int replaced)
    {
        var result = ForgeryTrial.Run(Seed, changes, rounds: 3);

        Assert.Equal((ForgeryTrial.Keys, replaced), (result.Authored, result.Replaced));
    }

    /// <summary>The shards of a cluster decide by the same terms, and the edge counts: 256 bounds would be none.</summary>
    [Fact]
    public void Over_the_shards_of_a_cluster_it_is_the_same_bound()
    {
        var result = ForgeryTrial.Run(Seed, changes: 60, rounds: 2, world => new ShardedKeys(world, bits: 8));

        Assert.Equal((ForgeryTrial.Keys, 60), (result.Authored, result.Replaced));
    }

    /// <summary>Honest nodes pass on what they hold, with their own tokens. They do not say that its author is known.</summary>
    [Fact]
    public void What_strangers_stored_at_honest_nodes_replaces_no_more_elsewhere()
    {
        var result = ForgeryTrial.RunLaundered(Seed, changes: 60);

        Assert.Equal((ForgeryTrial.Keys, 60), (result.Authored, result.Replaced));
    }

    /// <summary>Whoever forges the address of a node that had stored a value puts that very value back, and no other one.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void In_the_names_of_those_that_stored_before_only_what_they_had_stored_comes_back(bool inShards)
    {
        var result = ForgeryTrial.RunAsFormer(Seed, inShards ? world => new ShardedKeys(world, bits: 8) : null);

        // Of those that were replaced within the bound the claim stays: the former value comes back there, too.
        Assert.Equal(new FormerResult(ForgeryTrial.Keys, Replaced: 60, PutBack: ForgeryTrial.Keys), result);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Whoever_stored_without_tokens_gets_its_keys_back_from_one_that_shows_tokens(bool spendsBound, bool inShards)
    {
        var result = TokenlessTrial.RunOnce(Seed, spendsBound, inShards ? world => new ShardedKeys(world, bits: 8) : null);

        Assert.Equal(new TakenResult(TokenlessTrial.Keys, TokenlessTrial.Keys), result);
    }

    /// <summary>Of writers that store again every ten minutes, beside an attacker that stores over all as often as it may.</summary>
    [Theory]
    [InlineData(1, 50)]
    [InlineData(4, 50)]
    public void In_an_hour_of_attack_values_without_tokens_stand_as_often_as_those_with_tokens(int attackers, int least)
    {
        var result = TokenlessTrial.RunForAnHour(Seed, attackers);

        Assert.True(result.WithoutTokens >= least && result.WithoutTokens >= result.WithTokens - 5, $"seed {Seed}: {result}");
    }

    [Fact]
    public void Values_that_were_replaced_and_put_back_are_their_authors_again_once_these_publish_them() =>
        Assert.Equal((ForgeryTrial.Keys - 60, ForgeryTrial.Keys), ForgeryTrial.RunStripped(Seed));

    [Fact]
    public void A_node_in_whose_name_others_store_stores_and_changes_as_before()
    {
        var result = ForgeryTrial.RunFramed(Seed);

        Assert.Equal(new FramedResult(ChangedInItsName: 60, NewKeys: 10, Changes: 10, OwnValues: 10), result);
    }

    [Fact]
    public void Tokens_of_another_address_and_of_another_run_do_nothing() => Assert.Equal((0, 0), ForgeryTrial.RunWithTokens(Seed));

    /// <summary>A cluster's shards without Orleans, as an edge's store has them.</summary>
    private sealed class ShardedKeys : IKeyStore
    {
        private readonly int _bits;
        private readonly Task<ShardEngine[]> _shards;

        public ShardedKeys(SimulatedWorld world, int bits)
        {
            _bits = bits;
            _shards = Task.WhenAll(Enumerable.Range(0, 1 << bits).Select(i => OpenAsync(world, i)));
        }

        public StoreTurnover Turnover => default;

        public async ValueTask<StoredValue?> GetAsync(NodeId key, DateTimeOffset now, CancellationToken cancellationToken = default) =>
            (await (await ShardOfAsync(key)).ReadAsync([key], keeps: true))[0] is { } held && !held.IsExpired(now) ? held : null;

        public async ValueTask<StoreResult> PutAsync(
            NodeId key, StoredValue value, PutTerms terms = default, CancellationToken cancellationToken = default) =>
            (await (await ShardOfAsync(key)).PutAsync([key], one => new Put(one, value, terms), TimeSpan.Zero))[0];

        public ValueTask<int> RemoveExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken = default) => ValueTask.FromResult(0);

        public IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ScanAsync(KeyRegion region, CancellationToken cancellationToken = default) =>
            AsyncEnumerable.Empty<KeyValuePair<NodeId, StoredValue>>();

        public void SetArea(ResponsibleArea area)
        {
        }

        public IReadOnlyList<SourceChanges> GetTopChanges(int count) => [];

        public ValueTask<KeyStoreUsage> GetUsageAsync(CancellationToken cancellationToken = default) => ValueTask.FromResult(default(KeyStoreUsage));

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private async Task<ShardEngine> ShardOfAsync(NodeId key) => (await _shards)[key.ToByteArray()[0] >> (8 - _bits)];

        private static async Task<ShardEngine> OpenAsync(SimulatedWorld world, int index)
        {
            var engine = new ShardEngine(
                $"shard {index:x4}",
                new FakeRecords(),
                halves: null,
                StoreQuota.Unlimited with { ChangesPerSource = 600, ChangesPerSubnet = 2_400 },
                new ValueCache(1 << 20),
                new KademliaOptions(),
                new SeededRandomSource(index),
                world.Clock,
                NullLogger.Instance);
            await engine.ActivateAsync(null, null);
            return engine;
        }
    }
}
