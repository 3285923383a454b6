using KadOrleans.EdgeWorker.Values;
using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.Testing;

namespace KadOrleans.EdgeWorker.Tests.Values;

public sealed class ShardMapTests
{
    private const int Shards = 64;

    /// <summary>By brute force: the desk is that of the last news.</summary>
    [Fact]
    public void A_shards_desk_is_the_one_that_its_last_news_name() => Randomized.ForSteps(50, 300, steps =>
    {
        var map = new ShardMap(Shards);
        var desks = new GrainId?[Shards];
        foreach (var step in steps)
        {
            var shard = step % Shards;
            desks[shard] = (step / Shards % 6) switch { 0 or 1 => null, var silo => Silos.DeskAt(silo) };
            if (step / Shards % 6 == 0)
            {
                map.Forget(shard);
            }
            else
            {
                map.Note(News(shard, desks[shard], null));
            }
        }

        Assert.All(Enumerable.Range(0, Shards), shard => Assert.Equal(desks[shard], map.DeskOf(shard)));
        Assert.Equal(desks.OfType<GrainId>().Distinct().Order(), map.Desks.Order());
    });

    [Fact]
    public void Within_a_silo_a_desk_has_the_silos_address_and_for_a_client_its_gateways()
    {
        var (client, silo) = (new ShardMap(Shards), new ShardMap(Shards, isInSilo: true));
        foreach (var map in new[] { client, silo })
        {
            map.Note(News(1, Silos.DeskAt(30_000), Silos.At(11_111)));
            map.Note(News(2, Silos.DeskAt(30_000), null));
        }

        Assert.Equal(Silos.DeskAt(30_000), client.DeskOf(1));
        Assert.Equal(Silos.DeskAt(11_111), silo.DeskOf(1));
        Assert.Null(silo.DeskOf(2));
        Assert.Null(silo.DeskOf(3));
    }

    [Fact]
    public void Without_news_no_desk_is_known() => Assert.Null(ShardMap.Unknown.DeskOf(5));

    private static ShardNews News(long shard, GrainId? desk, SiloAddress? silo) => new(shard, 1, 1, [], null, TimeSpan.Zero, silo, desk);
}
