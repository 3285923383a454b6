using KadOrleans.Shards;

namespace KadOrleans.Tests.Shards;

public sealed class OrderedKeysTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;

    [Fact]
    public void Scans_show_what_is_held_in_order_whatever_is_written_between_them() => Randomized.ForSeeds(3, random =>
    {
        var shard = new KeyShard(StoreQuota.Unlimited);
        var keys = new OrderedKeys(shard);
        var pool = Enumerable.Range(0, 100).Select(_ => NodeId.Random(random)).ToList();
        for (var step = 0; step < 2_000; step++)
        {
            for (var writes = random.Next(12); writes > 0; writes--)
            {
                var key = pool[random.Next(pool.Count)];
                if (random.Next(3) == 0)
                {
                    shard.Remove(key);
                }
                else
                {
                    shard.Restore(key, Value(random.Next(2)));
                }
            }

            var region = random.Next(2) == 0
                ? KeyRegion.Everywhere
                : new KeyRegion(pool[random.Next(pool.Count)], NodeId.MinValue.WithBit(0, random.Next(2) == 0).WithBit(2, true));
            NodeId? after = random.Next(3) switch { 0 => null, 1 => NodeId.Random(random), _ => pool[random.Next(pool.Count)] };
            var count = 1 + random.Next(30);
            var above = shard.Values.Where(entry => after is null || entry.Key > after).OrderBy(entry => entry.Key).ToList();

            Assert.Equal(
                above.Where(entry => region.Contains(entry.Key)).Take(count).Select(entry => entry.Key), keys.Find(region, after, count));
            Assert.Equal(
                above.Where(entry => entry.Value.IsExpired(Now.AddDays(1))).Take(count).Select(entry => entry.Key),
                keys.Find(after, count, held => held.IsExpired(Now.AddDays(1))));
        }
    });

    [Fact]
    public void A_scan_shows_once_and_in_order_what_is_held_all_the_time() => Randomized.ForSeeds(3, random =>
    {
        var shard = new KeyShard(StoreQuota.Unlimited);
        var keys = new OrderedKeys(shard);
        List<NodeId> stays = [.. Enumerable.Range(0, 500).Select(_ => NodeId.Random(random))];
        List<NodeId> others = [.. Enumerable.Range(0, 500).Select(_ => NodeId.Random(random))];
        stays.ForEach(key => shard.Restore(key, Value(0)));
        for (var scan = 0; scan < 20; scan++)
        {
            var shown = new List<NodeId>();
            var size = 1 + random.Next(40);
            List<NodeId> page;
            do
            {
                page = keys.Find(KeyRegion.Everywhere, shown.Count == 0 ? null : shown[^1], size);
                Assert.All(page, key => Assert.True(shard.TryFind(key, out _)));
                shown.AddRange(page);
                for (var writes = random.Next(20); writes > 0; writes--)
                {
                    var key = others[random.Next(others.Count)];
                    if (!shard.Remove(key))
                    {
                        shard.Restore(key, Value(0));
                    }
                }
            }
            while (page.Count == size);

            Assert.Equal(shown.Distinct().Order(), shown);
            Assert.Empty(stays.Except(shown));
        }
    });

    private static StoredValue Value(int days) => new(DhtValue.FromInteger(days), Now, Now.AddDays(1 + days), default(SourceNetwork));
}
