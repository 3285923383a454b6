using BenchmarkDotNet.Attributes;
using KadOrleans.Core;
using KadOrleans.Core.Routing;

namespace KadOrleans.Benchmarks;

/// <summary>A contact of the table answered, again: by far the most frequent observation.</summary>
public class RoutingTableBenchmarks
{
    private const int Offered = 5_000;

    private readonly RoutingTable _table = SampleNetwork.CreateTable(SampleNetwork.CreateContacts(Offered));
    private readonly Contact[] _known;
    private int _next;

    public RoutingTableBenchmarks()
    {
        // Not in the order of ids: answers come from anywhere.
        var ids = SampleNetwork.CreateContacts(Offered).Where(_table.Contains);
        _known = [.. ids];
    }

    [Benchmark]
    public int ObserveKnownContact()
    {
        _next = _next + 1 < _known.Length ? _next + 1 : 0;
        return (int)_table.Apply(ContactObservation.Answered(_known[_next]), SampleNetwork.Now).Outcome;
    }
}
