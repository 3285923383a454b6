namespace KadOrleans.Node;

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
    public LookupOutcome CountCrowded(LookupOutcome outcome) =>
        Crowding.Count(outcome.Target, outcome.Closest, Estimate) is > 0 and var crowded ? outcome with { Crowded = crowded } : outcome;

    public void Record(LookupOutcome outcome)
    {
        if (outcome.Reason == TerminationReason.Converged)
        {
            Record(outcome.Target, outcome.Closest);
        }
    }

    /// <summary>Counts the contacts that are nearest to a target.</summary>
    public void Record(NodeId target, IReadOnlyList<Contact> closest)
    {
        lock (_gate)
        {
            _estimator.Add(target, closest, bucketSize);
        }
    }
}
