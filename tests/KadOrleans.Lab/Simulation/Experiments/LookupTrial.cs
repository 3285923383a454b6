namespace KadOrleans.Lab;

/// <summary>Runs lookups of random ids and judges them.</summary>
internal sealed class LookupTrial(SimulatedWorld world, Population population, int bucketSize)
{
    /// <summary>The last lookups that the size is estimated from: more would gain next to nothing.</summary>
    private const int SizeWindow = 2_000;

    private readonly List<double> _hops = [];
    private readonly List<double> _requests = [];
    private readonly List<double> _seconds = [];
    private readonly NetworkSizeEstimator _size = new(ownId: null, SizeWindow);
    private int _successes;
    private int _exact;

    public int Count => _hops.Count;

    public double Success => Share(_successes);

    public double Exact => Share(_exact);

    public Distribution Hops => Distribution.Of(_hops);

    public Distribution Requests => Distribution.Of(_requests);

    public Distribution Seconds => Distribution.Of(_seconds);

    /// <summary>How many nodes there are by the lookups alone; null after too few.</summary>
    public NetworkSizeEstimate? Size => _size.Estimate();

    /// <summary>One lookup by a random node. Not counted if the node leaves before it ends.</summary>
    public async Task RunAsync()
    {
        var asker = population.PickLive();
        var target = NodeId.Random(world.Random);
        var before = population.Nearest(target, asker);
        var startedAt = world.Clock.Elapsed;
        var outcome = await asker.Engine!.FindNodeAsync(target);
        if (asker.Place < 0)
        {
            return;
        }

        _seconds.Add((world.Clock.Elapsed - startedAt).TotalSeconds);
        _hops.Add(outcome.Hops);
        _requests.Add(outcome.Asked);
        if (outcome.Reason == TerminationReason.Converged)
        {
            _size.Add(target, outcome.Closest, bucketSize);
        }

        Judge(outcome, before, population.Nearest(target, asker));
    }

    /// <summary>Who comes or goes while a lookup runs may be found or not: both times count as the truth.</summary>
    private void Judge(LookupOutcome outcome, Contact[] before, Contact[] after)
    {
        var stayed = before.Where(after.Contains).ToList();
        if (stayed.Count == 0 || outcome.Closest.Contains(stayed[0]))
        {
            _successes++;
        }

        if (IsNearest(outcome, before) || IsNearest(outcome, after))
        {
            _exact++;
        }
    }

    /// <summary>Liars under their real ids take places too; all others must be the nearest honest nodes.</summary>
    private bool IsNearest(LookupOutcome outcome, Contact[] truth)
    {
        var found = outcome.Closest.Where(contact => !population.IsLiar(contact)).ToList();
        var liars = outcome.Closest.Count - found.Count;
        return found.SequenceEqual(truth.Take(Math.Min(truth.Length, bucketSize - liars)));
    }

    private double Share(int count) => Count == 0 ? 0 : count / (double)Count;
}
