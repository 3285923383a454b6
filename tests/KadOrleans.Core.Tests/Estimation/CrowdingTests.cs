using KadOrleans.Core.Estimation;
using KadOrleans.Simulation;
using static KadOrleans.Core.Tests.Estimation.RandomNetwork;

namespace KadOrleans.Core.Tests.Estimation;

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
