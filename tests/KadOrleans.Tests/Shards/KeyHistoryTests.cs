using KadOrleans.Shards;

namespace KadOrleans.Tests.Shards;

public class KeyHistoryTests
{
    private const int MaxChanges = 8;

    /// <summary>Two activations write the same storage, which fails and lies; a reader follows the news of one.</summary>
    [Fact]
    public void Who_follows_the_news_misses_no_key_and_no_change() => Randomized.ForSeeds(150, random => EngineHost.RunAsync(async () =>
    {
        var records = new FakeRecords();
        EngineHost[] shards = [await EngineHost.ActivateAsync(records), await EngineHost.ActivateAsync(records)];
        var reader = new NewsReader();
        for (var i = 0; i < 60; i++)
        {
            var key = Samples.Key(random.Next(10));
            var fault = random.Next(4) == 0 ? (WriteFault)(1 + random.Next(3)) : WriteFault.None;
            records.OnWrite = _ => fault;
            var shard = shards[random.Next(4) / 3];
            if (random.Next(4) > 0)
            {
                await shard.PutAsync(key, Samples.Text($"{i}"));
            }
            else
            {
                await SplitHost.TryAsync(() => shard.RemoveAsync(key));
            }

            if (random.Next(3) == 0)
            {
                reader.Read(shards[0].Log);
            }
        }
    }).GetAwaiter().GetResult());

    [Fact]
    public void A_filter_that_is_full_is_replaced()
    {
        var history = KeyHistory.Begin([], 0, 1, MaxChanges);
        var random = new SeededRandomSource(1);
        var added = 0;
        for (; !history.IsFilterFull; added++)
        {
            history.Record(NodeId.Random(random));
        }

        Assert.InRange(added, 256, 350);
    }

    [Fact]
    public void News_are_the_changes_since_or_a_filter()
    {
        var history = KeyHistory.Begin([Samples.Key(0)], 1, 5, MaxChanges);
        for (var i = 1; i <= 20; i++)
        {
            history.Record(Samples.Key(i));
        }

        Assert.Equal([Samples.Key(19), Samples.Key(20)], history.Read(5, 18).Changed);
        Assert.Equal((5, 20), PointOf(history.Read(5, 20)));
        Assert.Null(history.Read(5, 20).Filter);

        // Another desk was asked sooner.
        Assert.Equal((5, 21), PointOf(history.Read(5, 21)));

        Assert.NotNull(history.Read(5, 1).Filter);
        Assert.NotNull(history.Read(4, 20).Filter);
        Assert.NotNull(history.Read(0, 0).Filter);
    }

    [Fact]
    public void News_that_do_not_continue_what_is_known_are_refused()
    {
        var known = KeyHistory.Begin([], 0, 5, MaxChanges);
        Assert.Throws<ArgumentException>(() => KeyHistory.After(known, new KeyNews(5, 3, [Samples.Key(1)], null), MaxChanges));
        Assert.Throws<ArgumentException>(() => KeyHistory.After(known, new KeyNews(6, 1, [Samples.Key(1)], null), MaxChanges));
        Assert.Throws<ArgumentException>(() => KeyHistory.After(null, new KeyNews(5, 0, [], null), MaxChanges));
        Assert.Equal(1, KeyHistory.After(known, new KeyNews(5, 1, [Samples.Key(1)], null), MaxChanges).Version);
    }

    private static (long Generation, long Version) PointOf(KeyNews news) => (news.Generation, news.Version);

    /// <summary>What an edge knows of a shard, and would have cached.</summary>
    private sealed class NewsReader
    {
        private KeyFilter _filter = KeyFilter.For(0);
        private (long Generation, long Version) _known;
        private Dictionary<NodeId, StoredValue> _values = [];

        public void Read(RecordLog log)
        {
            var news = log.GetHistory(MaxChanges).Read(_known.Generation, _known.Version);
            _filter = news.Filter is { } filter ? KeyFilter.From(filter) : _filter;
            foreach (var key in news.Changed)
            {
                _filter.Add(key);
                _values.Remove(key);
            }

            // What was not named is as it was.
            var held = log.Shard.Values.ToDictionary();
            Assert.All(held.Keys, key => Assert.True(_filter.MayContain(key)));
            if (news.Filter is null)
            {
                Assert.All(_values, entry => Assert.Equal(held.GetValueOrDefault(entry.Key), entry.Value));
            }

            (_known, _values) = (PointOf(news), held.ToDictionary());
        }
    }
}
