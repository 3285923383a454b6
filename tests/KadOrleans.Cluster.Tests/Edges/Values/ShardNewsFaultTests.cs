using KadOrleans.Shards;
using Microsoft.Extensions.Options;

namespace KadOrleans.Cluster.Tests.Edges;

/// <summary>News that are wrong, or come when their shard is no more.</summary>
public sealed class ShardNewsFaultTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public async Task News_that_cannot_be_read_cost_their_shard_its_view_and_no_other()
    {
        var good = SiloNews.Read(KeyHistory.Begin([], 0, 5, 8), new ShardPoint(1, 0, 0), TimeSpan.Zero);
        var asked = new List<long>();
        await using var reader = new ShardNewsReader(
            new GrainKeyStoreOptions(),
            _clock,
            (_, known) =>
            {
                asked.AddRange(known.Select(point => point.Shard));
                return Task.FromResult<IReadOnlyList<ShardNews>>([new ShardNews(0, 3, 1, [], new byte[7], TimeSpan.Zero), good with { Shard = 1 }]);
            },
            static _ => { });
        ShardView[] views = [new(0), new(1)];
        foreach (var view in views)
        {
            view.Use();
            reader.Add(view);
        }

        Assert.True(await reader.ReadAsync());
        Assert.Null(views[0].State);
        Assert.NotNull(views[1].State);

        // The wrong one is left alone for a while.
        asked.Clear();
        Assert.True(await reader.ReadAsync());
        Assert.Equal([1], asked);
    }

    [Fact]
    public async Task A_call_that_waits_while_a_shard_is_split_gets_the_news_of_the_others()
    {
        const int bits = 2;
        var shards = new ClusterShards(Options.Create(new KadClusterOptions { ShardBits = bits }));
        var pending = new TaskCompletionSource<IReadOnlyList<ShardNews>>();
        var silo = new SiloNews(shards, (_, _) => pending.Task, _clock);

        // The second generation tells its silo.
        var shard = new ModelShard(0).Grain;
        ShardPoint[] known = [new(ShardLayout.Of(bits).ShardAt(0), 0, 0)];
        Assert.Single(await silo.ReadAsync(known, _ => shard));
        _clock.Advance(SiloNews.MinAge);
        var waiting = silo.ReadAsync(known, _ => shard);
        Assert.False(waiting.IsCompleted);

        shards.Note(new ShardLayout(bits, bits + 1), null);
        Assert.Empty(await silo.ReadAsync([], _ => shard));
        pending.SetResult([]);

        Assert.Empty(await waiting);
    }
}
