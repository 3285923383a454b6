using KadOrleans.Shards;

namespace KadOrleans.Cluster.Tests.Edges;

public sealed class ShardNewsReaderTests
{
    private const int Shards = 64;

    private readonly ManualTimeProvider _clock = new();
    private readonly ShardView[] _views = [.. Enumerable.Range(0, Shards).Select(shard => new ShardView(shard))];
    private readonly Dictionary<long, ShardNews> _news = [];
    private readonly HashSet<long> _asked = [];

    /// <summary>By brute force: the desk is that of the last news. News that cannot be read cost their shard its desk.</summary>
    [Fact]
    public void A_shards_desk_is_the_one_that_its_last_news_name() => Randomized.ForSteps(50, 300, steps =>
        new ShardNewsReaderTests().CheckAsync(steps).GetAwaiter().GetResult());

    [Fact]
    public async Task Within_a_silo_a_desk_has_the_silos_address_and_for_a_client_its_gateways()
    {
        _news[1] = News(1, Silos.DeskAt(30_000)) with { Silo = Silos.At(11_111) };
        _news[2] = News(2, Silos.DeskAt(30_000));
        await using var client = await ReadAsync(isInSilo: false);
        Assert.Equal(Silos.DeskAt(30_000), _views[1].Desk);
        Assert.Equal(Silos.DeskAt(30_000), _views[2].Desk);
        Assert.Equal([Silos.DeskAt(30_000)], client.Desks);

        await using var silo = await ReadAsync(isInSilo: true);
        Assert.Equal(Silos.DeskAt(11_111), _views[1].Desk);
        Assert.Null(_views[2].Desk);
        Assert.Null(_views[3].Desk);
        Assert.Equal([Silos.DeskAt(11_111)], silo.Desks);
    }

    [Fact]
    public async Task News_that_cannot_be_read_cost_their_shard_its_view_and_no_other()
    {
        _news[0] = News(0, null) with { Filter = new byte[7] };
        _news[1] = SiloNews.Read(KeyHistory.Begin([], 0, 5, 8), new ShardPoint(1, 0, 0), TimeSpan.Zero) with { Shard = 1 };
        await using var reader = await ReadAsync(isInSilo: false);
        Assert.Null(_views[0].State);
        Assert.NotNull(_views[1].State);

        // The wrong one is left alone for a while.
        _asked.Clear();
        Assert.True(await reader.ReadAsync());
        Assert.DoesNotContain(0L, _asked);
        Assert.Contains(1L, _asked);
    }

    [Fact]
    public async Task A_call_that_waits_while_a_shard_is_split_gets_the_news_of_the_others()
    {
        const int bits = 2;
        var shards = new ClusterShards(Options.Create(new KadClusterOptions { ShardBits = bits }));
        var pending = new TaskCompletionSource<IReadOnlyList<ShardNews>>();
        var silo = new SiloNews(shards, (_, _) => pending.Task, _clock);

        // It tells its silo.
        var shard = new ModelShard(0, _clock).Grain;
        ShardPoint[] known = [new(ShardLayout.Of(bits).ShardAt(0), 0, 0)];
        Assert.Single(await silo.ReadAsync(known, _ => shard));
        _clock.Advance(SiloNews.MinAge);
        var waiting = silo.ReadAsync(known, _ => shard);
        Assert.False(waiting.IsCompleted);

        shards.Record(new ShardLayout(bits, bits + 1), null);
        Assert.Empty(await silo.ReadAsync([], _ => shard));
        pending.SetResult([]);

        Assert.Empty(await waiting);
    }

    private static ShardNews News(long shard, GrainId? desk) => new(shard, 1, 1, [], null, TimeSpan.Zero, null, desk);

    private async Task CheckAsync(IEnumerable<int> steps)
    {
        await using var reader = await ReadAsync(isInSilo: false);
        var desks = new GrainId?[Shards];
        foreach (var step in steps)
        {
            var (shard, fate) = (step % Shards, step / Shards % 6);
            desks[shard] = fate < 2 ? null : Silos.DeskAt(fate);
            _news.Clear();
            _news[shard] = fate == 0 ? News(shard, Silos.DeskAt(9)) with { Filter = new byte[7] } : News(shard, desks[shard]);
            Assert.True(await reader.ReadAsync());

            // A shard whose news could not be read is read again after a while.
            _clock.Advance(fate == 0 ? TimeSpan.FromMinutes(1) : TimeSpan.Zero);
            Array.ForEach(_views, view => view.Use());
        }

        Assert.All(Enumerable.Range(0, Shards), shard => Assert.Equal(desks[shard], _views[shard].Desk));
        Assert.Equal(desks.OfType<GrainId>().Distinct().Order(), reader.Desks.Order());
    }

    private async Task<ShardNewsReader> ReadAsync(bool isInSilo)
    {
        var reader = new ShardNewsReader(
            new GrainKeyStoreOptions { IsInSilo = isInSilo },
            _clock,
            (_, known) =>
            {
                _asked.UnionWith(known.Select(point => point.Shard));
                var news = known.Select(point => _news.GetValueOrDefault(point.Shard)).OfType<ShardNews>();
                return Task.FromResult<IReadOnlyList<ShardNews>>([.. news]);
            },
            static _ => { });
        foreach (var view in _views)
        {
            view.Use();
            reader.Add(view);
        }

        await reader.ReadAsync();
        return reader;
    }
}
