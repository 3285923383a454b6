using BenchmarkDotNet.Attributes;
using KadOrleans.Core;
using KadOrleans.Core.Routing;

namespace KadOrleans.Benchmarks;

/// <summary>The k nearest contacts of a table, exactly: what every FIND_NODE and every lookup costs first.</summary>
public class ClosestContactsBenchmarks
{
    private readonly Contact[] _nearest = new Contact[SampleNetwork.BucketSize];
    private readonly NodeId[] _targets = SampleNetwork.CreateTargets();
    private RoutingTableSnapshot _snapshot = RoutingTableSnapshot.Empty(SampleNetwork.OwnId);
    private int _next;

    /// <summary>Contacts in the table.</summary>
    [Params(200, 1_000, 5_000)]
    public int Contacts { get; set; }

    [GlobalSetup]
    public void Fill() =>
        _snapshot = new RoutingTableSnapshot(SampleNetwork.OwnId, 1, SampleNetwork.CreateContacts(Contacts));

    [Benchmark]
    public int FindClosest() => _snapshot.FindClosest(_targets[++_next & (_targets.Length - 1)], _nearest);
}
