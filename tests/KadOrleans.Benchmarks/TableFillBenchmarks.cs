using BenchmarkDotNet.Attributes;
using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Routing;
using KadOrleans.Node.Local;

namespace KadOrleans.Benchmarks;

/// <summary>
/// 5,000 contacts come to an empty table: splits, replacements, diversity. The local table also takes a new picture of
/// itself at each change; the ratio says what that costs.
/// </summary>
public class TableFillBenchmarks
{
    private const int Offered = 5_000;

    private readonly Contact[] _contacts = SampleNetwork.CreateContacts(Offered);

    [Benchmark(Baseline = true)]
    public int FillTable() => SampleNetwork.CreateTable(_contacts).Count;

    [Benchmark]
    public int FillLocalTable()
    {
        var table = new LocalRoutingTable(
            SampleNetwork.OwnId, new KademliaOptions(), new SubnetDiversity(), TimeProvider.System);
        foreach (var contact in _contacts)
        {
            table.Observe(ContactObservation.Answered(contact));
        }

        return table.Snapshot.Count;
    }
}
