using BenchmarkDotNet.Attributes;

namespace KadOrleans.Lab;

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
    public bool ObserveKnownContact()
    {
        _next = _next + 1 < _known.Length ? _next + 1 : 0;
        return _table.Apply(ContactObservation.Answered(_known[_next]), Samples.Now).Check is null;
    }
}

/// <summary>The k nearest contacts of a table, exactly: what every FIND_NODE and every lookup costs first.</summary>
public class ClosestContactsBenchmarks
{
    private readonly Contact[] _nearest = new Contact[SampleNetwork.BucketSize];
    private readonly NodeId[] _targets = SampleNetwork.CreateTargets();
    private RoutingTableSnapshot _snapshot = RoutingTableSnapshot.Empty(SampleNetwork.OwnId);
    private int _next;

    [Params(200, 1_000, 5_000)]
    public int Contacts { get; set; }

    [GlobalSetup]
    public void Fill() =>
        _snapshot = new RoutingTableSnapshot(SampleNetwork.OwnId, 1, SampleNetwork.CreateContacts(Contacts));

    [Benchmark]
    public int FindClosest() => _snapshot.FindClosest(_targets[++_next & (_targets.Length - 1)], _nearest);
}

/// <summary>
/// 5,000 contacts come to an empty table: splits, replacements, diversity. The local table also makes a new snapshot
/// at each change; the ratio says what that costs.
/// </summary>
public class TableFillBenchmarks
{
    private const int Offered = 5_000;

    private readonly Contact[] _contacts = SampleNetwork.CreateContacts(Offered);

    [Benchmark(Baseline = true)]
    public int FillTable() => SampleNetwork.CreateTable(_contacts).Count;

    [Benchmark]
    public int FillLocalTable() => SampleNetwork.CreateLocalTable(_contacts).Snapshot.Count;
}
