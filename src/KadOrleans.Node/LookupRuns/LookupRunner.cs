namespace KadOrleans.Node;

/// <summary>Runs lookups from the contacts of the routing table, and reports which contacts responded.</summary>
internal sealed class LookupRunner(
    IRoutingTable table,
    RequestTable requests,
    Action<Contact> onProved,
    KademliaOptions options,
    AddressRangeSet trusted,
    NetworkSize size,
    NodeMetrics metrics,
    NodeEnvironment environment)
{
    /// <summary>Seeds per k. Those beyond k are queried only after unresponsive ones, as when many nodes left at once.</summary>
    private const int SeedsPerK = 3;

    /// <summary>Looks up a target. Never fails: the outcome says if it was cancelled.</summary>
    public Task<LookupOutcome> RunAsync(NodeId target, LookupKind kind, CancellationToken cancellationToken) =>
        RunAsync(target, Create(target, kind, FindSeeds(target)), kind, cancellationToken);

    public Task<LookupOutcome> RunAsync(NodeId target, Contact[] seeds, CancellationToken cancellationToken) =>
        RunAsync(target, Create(target, LookupKind.Node, seeds), LookupKind.Node, cancellationToken);

    /// <summary>Looks up a value and queries all of the k nearest, even if the first ones agree.</summary>
    public Task<LookupOutcome> AskAllHoldersAsync(NodeId key, CancellationToken cancellationToken) =>
        RunAsync(key, Create(key, LookupKind.Value, FindSeeds(key), asksAllHolders: true), LookupKind.Value, cancellationToken);

    /// <summary>Looks up a target and records each query.</summary>
    public async Task<LookupTrace> TraceAsync(NodeId target, LookupKind kind, CancellationToken cancellationToken)
    {
        var running = Create(target, kind, FindSeeds(target), recorder: new LookupRecorder());
        var outcome = await RunAsync(target, running, kind, cancellationToken);
        return new LookupTrace(table.Snapshot.OwnId, outcome, running.Elapsed, running.Queries);
    }

    private ReadOnlySpan<Contact> FindSeeds(NodeId target)
    {
        var seeds = new Contact[SeedsPerK * options.BucketSize];
        return seeds.AsSpan(0, table.Snapshot.FindClosest(target, seeds));
    }

    private RunningLookup Create(
        NodeId target, LookupKind kind, ReadOnlySpan<Contact> seeds, bool asksAllHolders = false, LookupRecorder? recorder = null)
    {
        var ownId = table.Snapshot.OwnId;
        var lookup = new Lookup(ownId, target, kind, seeds, options, CreatePolicy(asksAllHolders));
        return new RunningLookup(lookup, requests, ownId, onProved, environment.Time, recorder);
    }

    private async Task<LookupOutcome> RunAsync(NodeId target, RunningLookup running, LookupKind kind, CancellationToken cancellationToken)
    {
        table.Observe(ContactObservation.LookedUp(target));
        using var activity = NodeActivities.StartLookup(kind);
        using (cancellationToken.UnsafeRegister(static l => ((RunningLookup)l!).Cancel(), running))
        {
            running.Start();
            var outcome = size.Judge(await running.Outcome);
            metrics.LookupEnded(outcome, running.Elapsed);
            activity?.End(outcome);
            size.Note(outcome);
            return outcome;
        }
    }

    private LookupPolicy CreatePolicy(bool asksAllHolders)
    {
        Span<byte> draw = stackalloc byte[sizeof(uint)];
        environment.Random.Fill(draw);
        return new LookupPolicy
        {
            IsProved = contact => table.Snapshot.Contains(contact),
            Trusted = trusted,
            Draw = BitConverter.ToUInt32(draw),
            AsksAllHolders = asksAllHolders,
        };
    }
}

internal sealed class NetworkSize(NodeId? ownId, int bucketSize)
{
    // Guards _estimator.
    private readonly Lock _gate = new();
    private readonly NetworkSizeEstimator _estimator = new(ownId);

    public NetworkSizeEstimate? Estimate
    {
        get
        {
            lock (_gate)
            {
                return _estimator.Estimate();
            }
        }
    }

    /// <summary>The outcome with the number of contacts nearer to its target than the network's size allows.</summary>
    public LookupOutcome Judge(LookupOutcome outcome) =>
        Crowding.Count(outcome.Target, outcome.Closest, Estimate) is > 0 and var crowded ? outcome with { Crowded = crowded } : outcome;

    public void Note(LookupOutcome outcome)
    {
        if (outcome.Reason == TerminationReason.Converged)
        {
            lock (_gate)
            {
                _estimator.Add(outcome.Target, outcome.Closest, bucketSize);
            }
        }
    }
}
