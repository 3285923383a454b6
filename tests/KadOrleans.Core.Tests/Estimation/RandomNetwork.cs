using KadOrleans.Core.Estimation;
using KadOrleans.Core.Routing;
using KadOrleans.Simulation;

namespace KadOrleans.Core.Tests.Estimation;

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
        for (var i = 0; i < lookups; i++)
        {
            var target = NodeId.Random(random);
            estimator.Add(target, Nearest(network, target), K);
        }

        return Assert.IsType<NetworkSizeEstimate>(estimator.Estimate());
    }

    public static Contact[] Nearest(RoutingTableSnapshot network, NodeId target)
    {
        var nearest = new Contact[K];
        return nearest[..network.FindClosest(target, nearest)];
    }

    public static Contact[] Contacts(IEnumerable<NodeId> ids) => [.. ids.Select(id => new Contact(id, Anywhere))];
}
