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
        RunAsync(target, kind, FindSeeds(target), asksAllHolders: false, tracing: null, cancellationToken);

    /// <summary>Looks up a target and records each query.</summary>
    public async Task<LookupTrace> TraceAsync(NodeId target, LookupKind kind, CancellationToken cancellationToken)
    {
        var tracing = new LookupTracing(environment.Time);
        var outcome = await RunAsync(target, kind, FindSeeds(target), asksAllHolders: false, tracing, cancellationToken);
        return new LookupTrace(table.Snapshot.OwnId, outcome, tracing.Now, tracing.Queries);
    }

    public Task<LookupOutcome> RunAsync(NodeId target, ReadOnlyMemory<Contact> seeds, CancellationToken cancellationToken) =>
        RunAsync(target, LookupKind.Node, seeds, asksAllHolders: false, tracing: null, cancellationToken);

    /// <summary>Looks up a value and queries all of the k nearest, even if the first ones agree.</summary>
    public Task<LookupOutcome> AskAllHoldersAsync(NodeId key, CancellationToken cancellationToken) =>
        RunAsync(key, LookupKind.Value, FindSeeds(key), asksAllHolders: true, tracing: null, cancellationToken);

    private ReadOnlyMemory<Contact> FindSeeds(NodeId target)
    {
        var seeds = new Contact[SeedsPerK * options.BucketSize];
        return seeds.AsMemory(0, table.Snapshot.FindClosest(target, seeds));
    }

    private async Task<LookupOutcome> RunAsync(
        NodeId target,
        LookupKind kind,
        ReadOnlyMemory<Contact> seeds,
        bool asksAllHolders,
        LookupTracing? tracing,
        CancellationToken cancellationToken)
    {
        var ownId = table.Snapshot.OwnId;
        table.Observe(ContactObservation.LookedUp(target));
        var lookup = new Lookup(ownId, target, kind, seeds.Span, options, CreatePolicy(asksAllHolders));
        var running = new RunningLookup(lookup, requests, ownId, onProved, environment.Time, tracing);
        var startedAt = environment.Time.GetTimestamp();
        using var activity = NodeActivities.StartLookup(kind);
        using (cancellationToken.UnsafeRegister(static l => ((RunningLookup)l!).Cancel(), running))
        {
            running.Start();
            var outcome = size.Judge(await running.Outcome);
            metrics.LookupEnded(outcome, environment.Time.GetElapsedTime(startedAt));
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
