using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.Shards;

namespace KadOrleans.Grains.Values;

/// <summary>The news of a shard, from and to a <see cref="KeyHistory"/>.</summary>
internal static class ShardNewsHistory
{
    extension(KeyHistory history)
    {
        /// <inheritdoc cref="KeyHistory.Read(long, long)"/>
        public ShardNews Read(ShardPoint known, TimeSpan age)
        {
            var news = history.Read(known.Generation, known.Version);
            return new ShardNews(known.Shard, news.Generation, news.Version, news.Changed, news.Filter, age);
        }

        /// <inheritdoc cref="KeyHistory.After(KeyHistory?, KeyNews, int)"/>
        public static KeyHistory After(KeyHistory? known, ShardNews news, int maxChanges) =>
            KeyHistory.After(known, new KeyNews(news.Generation, news.Version, news.Changed, news.Filter), maxChanges);
    }
}
