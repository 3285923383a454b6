using KadOrleans.EdgeWorker.Values;
using KadOrleans.Testing;

namespace KadOrleans.EdgeWorker.Tests.Values;

public sealed class ShardPlacesTests
{
    private const int Shards = 64;

    /// <summary>By brute force: who is where, as the last notes say.</summary>
    [Fact]
    public void Silos_divide_the_lanes_among_them() => Randomized.ForSteps(200, 300, steps =>
    {
        var places = new ShardPlaces(Shards);
        var silos = new SiloAddress?[Shards];
        foreach (var step in steps)
        {
            var shard = step % Shards;
            silos[shard] = step / Shards % 6 is > 0 and var silo ? Silos.At(silo) : null;
            places.Note(shard, silos[shard]);
        }

        Assert.All(Enumerable.Range(0, Shards), shard => Assert.Equal(silos[shard], places.SiloOf(shard)));
        foreach (var lanes in new[] { 1, 3, 8 })
        {
            var silosOfLanes = Enumerable.Range(0, Shards)
                .Where(shard => silos[shard] is not null)
                .ToLookup(shard => places.LaneOf(shard, lanes), shard => silos[shard]);
            var all = silos.OfType<SiloAddress>().Distinct().Count();
            Assert.All(silosOfLanes, lane => Assert.InRange(lane.Key, 0, lanes - 1));
            Assert.All(silosOfLanes, lane => Assert.InRange(lane.Distinct().Count(), 1, (all + lanes - 1) / lanes));
        }
    });

    [Fact]
    public void A_silo_has_its_part_of_the_lanes_and_uses_all_of_it()
    {
        for (var silos = 1; silos <= 8; silos++)
        {
            var places = new ShardPlaces(8 * Shards);
            for (var shard = 0; shard < 8 * Shards; shard++)
            {
                places.Note(shard, Silos.At(1 + (shard * 7 / 5 % silos)));
            }

            var lanes = Enumerable.Range(0, 8 * Shards)
                .Select(shard => (Silo: places.SiloOf(shard)!, Lane: places.LaneOf(shard, 8)))
                .Distinct()
                .CountBy(used => used.Silo)
                .Select(used => used.Value)
                .ToList();
            Assert.Equal(8, lanes.Sum());
            Assert.All(lanes, count => Assert.InRange(count, 8 / silos, (7 / silos) + 1));
        }
    }

    [Fact]
    public void A_shard_has_a_lane_before_its_silo_is_known()
    {
        var places = new ShardPlaces(Shards);
        Assert.Equal([0, 1, 2, 0], Enumerable.Range(0, 4).Select(shard => places.LaneOf(shard, 3)));
        places.Note(1, Silos.At(1));
        places.Note(1, null);
        Assert.Null(places.SiloOf(1));
        Assert.Equal(1, places.LaneOf(1, 3));
    }
}
