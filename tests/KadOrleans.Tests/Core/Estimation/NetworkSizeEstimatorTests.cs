using static KadOrleans.Tests.Core.RandomNetwork;

namespace KadOrleans.Tests.Core;

/// <summary>Against the exact neighbourhoods of random ids.</summary>
public class NetworkSizeEstimatorTests
{
    [Theory]
    [InlineData(100, 0.25)]
    [InlineData(300, 0.2)]
    [InlineData(1_000, 0.15)]
    [InlineData(10_000, 0.1)]
    [InlineData(100_000, 0.1)]
    public void The_error_is_as_small_as_it_is_said_to_be(int nodes, double most)
    {
        const int Seeds = 20;
        var (within, sum, worst) = (0, 0.0, 0.0);
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var random = new SeededRandomSource(seed);
            var estimate = Estimate(RandomNetwork.Of(nodes, random), 64, random);
            within += Math.Abs(estimate.Nodes - nodes) <= 2 * estimate.StandardError ? 1 : 0;
            sum += estimate.Nodes;
            worst = Math.Max(worst, Math.Abs((estimate.Nodes / nodes) - 1));
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{nodes}: mean {sum / Seeds:0}, worst {worst:0.000}, {within} of {Seeds} within two errors");
        Assert.InRange(worst, 0, most);
        Assert.InRange(sum / Seeds / nodes, 0.95, 1.05);
        Assert.InRange(within, Seeds * 85 / 100, Seeds);
    }

    [Fact]
    public void Liars_in_one_lookup_of_seven_do_not_sway_it() => Randomized.ForSeeds(10, random =>
    {
        var network = RandomNetwork.Of(3_000, random);
        var estimator = new NetworkSizeEstimator(null);
        for (var i = 0; i < 63; i++)
        {
            var target = NodeId.Random(random);
            var closest = i % 7 == 0
                ? Contacts(Enumerable.Range(0, K).Select(_ => target.RandomWithPrefix(40, random)).OrderBy(id => id.DistanceTo(target)))
                : Nearest(network, target);
            estimator.Add(target, closest, K);
        }

        Assert.InRange(estimator.Estimate()!.Nodes, 2_400, 3_600);
    });

    [Fact]
    public void A_node_counts_itself() => Randomized.ForSeeds(20, random =>
    {
        var others = RandomNetwork.Of(K - 1, random);
        var estimator = new NetworkSizeEstimator(NodeId.Random(random));

        // Lookups beside the own id do not count.
        while (estimator.Count < NetworkSizeEstimator.MinLookups)
        {
            AddLookups(estimator, others, 1, random);
        }

        Assert.Equal(new NetworkSizeEstimate(K, 0, NetworkSizeEstimator.MinLookups), estimator.Estimate());
    });

    [Fact]
    public void There_is_no_estimate_before_enough_different_targets()
    {
        var random = new SeededRandomSource(1);
        var network = RandomNetwork.Of(1_000, random);
        var own = network.Contacts[0].Id;
        var estimator = new NetworkSizeEstimator(own);
        var target = NodeId.Random(random);
        for (var i = 0; i < NetworkSizeEstimator.MinLookups; i++)
        {
            estimator.Add(target, Nearest(network, target), K);
            estimator.Add(own, Nearest(network, own), K);
            estimator.Add(NodeId.Random(random), [], K);
        }

        Assert.Equal(1, estimator.Count);
        Assert.Null(estimator.Estimate());
    }

    [Fact]
    public void Lookups_beside_the_own_id_where_anybody_may_place_ids_do_not_count()
    {
        var random = new SeededRandomSource(3);
        var own = NodeId.Random(random);
        var network = new RoutingTableSnapshot(default, 0, Contacts(
            [.. Enumerable.Range(0, 500).Select(_ => NodeId.Random(random)), .. Enumerable.Range(0, 30).Select(_ => own.RandomWithPrefix(40, random))]));
        var estimator = new NetworkSizeEstimator(own);
        for (var i = 0; i < 64; i++)
        {
            foreach (var target in new[] { NodeId.Random(random), own.RandomWithPrefix(12 + (i % 40), random), own.RandomWithPrefix(40, random) })
            {
                estimator.Add(target, Nearest(network, target), K);
            }
        }

        Assert.InRange(estimator.Estimate()!.Nodes, 430, 600);
    }

    [Fact]
    public void A_network_that_grew_is_seen_once_the_window_has_passed()
    {
        var random = new SeededRandomSource(2);
        var (before, after) = (RandomNetwork.Of(500, random), RandomNetwork.Of(5_000, random));
        var estimator = new NetworkSizeEstimator(null);
        AddLookups(estimator, before, 64, random);
        AddLookups(estimator, after, 64, random);

        Assert.Equal(64, estimator.Count);
        Assert.InRange(estimator.Estimate()!.Nodes, 4_300, 5_700);
    }

    [Fact]
    public void A_window_out_of_bounds_is_refused() => Assert.All(
        [NetworkSizeEstimator.MinLookups - 1, 100_001],
        window => Assert.Throws<ArgumentOutOfRangeException>(() => new NetworkSizeEstimator(null, window)));
}

/// <summary>With the exact neighbourhoods of random ids, and an estimate from 64 lookups or from the fewest.</summary>
public sealed class CrowdingTests
{
    [Theory]
    [InlineData(100, NetworkSizeEstimator.MinLookups)]
    [InlineData(100, 64)]
    [InlineData(1_000, NetworkSizeEstimator.MinLookups)]
    [InlineData(1_000, 64)]
    [InlineData(100_000, 64)]
    public void An_honest_network_raises_no_alarm_in_ten_thousand_lookups(int nodes, int lookups)
    {
        var alarms = 0;
        for (var seed = 1; seed <= 10; seed++)
        {
            var random = new SeededRandomSource(seed);
            var network = RandomNetwork.Of(nodes, random);
            var size = Estimate(network, lookups, random);
            for (var i = 0; i < 1_000; i++)
            {
                var target = NodeId.Random(random);
                alarms += Crowding.Count(target, Nearest(network, target), size) > 0 ? 1 : 0;
            }
        }

        Assert.Equal(0, alarms);
    }

    /// <summary>An attacker who is to hold the key alone is nearer than the honest ones: a few bits beyond what the network's size gives.</summary>
    [Theory]
    [InlineData(100, 3)]
    [InlineData(100, 20)]
    [InlineData(1_000, 6)]
    [InlineData(100_000, 11)]
    [InlineData(100_000, 20)]
    public void Ids_placed_beside_a_key_are_counted(int nodes, int placed)
    {
        for (var seed = 1; seed <= 5; seed++)
        {
            var random = new SeededRandomSource(seed);
            var (network, key) = (RandomNetwork.Of(nodes, random), NodeId.Random(random));
            var size = Estimate(network, 64, random);
            var bits = (int)Math.Log2(nodes) + 10;
            var sybils = Enumerable.Range(0, placed).Select(_ => new Contact(key.RandomWithPrefix(bits, random), Anywhere));
            Contact[] nearest = [.. sybils.Concat(Nearest(network, key)).OrderBy(contact => contact.Id.DistanceTo(key)).Take(K)];

            Assert.True(Crowding.Count(key, nearest, size) >= placed, $"seed {seed}");
            Assert.Equal(0, Crowding.Count(key, nearest, null));
        }
    }
}

/// <summary>A network of random ids that is known whole, and what lookups in it say of its size.</summary>
internal static class RandomNetwork
{
    public const int K = 20;

    public static readonly UdpEndpoint Anywhere = UdpEndpoint.Parse("11.0.0.1:8468");

    /// <summary>All ids of a network. Its nearest contacts are exact, which its own tests show.</summary>
    public static RoutingTableSnapshot Of(int nodes, SeededRandomSource random) =>
        new(default, 0, Contacts(Enumerable.Range(0, nodes).Select(_ => NodeId.Random(random))));

    public static NetworkSizeEstimate Estimate(RoutingTableSnapshot network, int lookups, SeededRandomSource random)
    {
        var estimator = new NetworkSizeEstimator(null);
        AddLookups(estimator, network, lookups, random);
        return Assert.IsType<NetworkSizeEstimate>(estimator.Estimate());
    }

    public static void AddLookups(
        NetworkSizeEstimator estimator, RoutingTableSnapshot network, int count, SeededRandomSource random)
    {
        for (var i = 0; i < count; i++)
        {
            var target = NodeId.Random(random);
            estimator.Add(target, Nearest(network, target), K);
        }
    }

    public static Contact[] Nearest(RoutingTableSnapshot network, NodeId target)
    {
        var nearest = new Contact[K];
        return nearest[..network.FindClosest(target, nearest)];
    }

    public static Contact[] Contacts(IEnumerable<NodeId> ids) => [.. ids.Select(id => new Contact(id, Anywhere))];
}
