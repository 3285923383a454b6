using KadOrleans.Core;
using KadOrleans.Core.Estimation;
using KadOrleans.Core.Lookups;

namespace KadOrleans.Node.Lookups;

internal sealed class NetworkSize(NodeId? ownId, int bucketSize)
{
    // Guards _estimator.
    private readonly Lock _gate = new();
    private readonly NetworkSizeEstimator _estimator = new(ownId);

    /// <summary>The estimate, or null before there were enough lookups.</summary>
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

    /// <summary>The outcome with the contacts that are nearer to its target than the network's size allows.</summary>
    public LookupOutcome Judge(LookupOutcome outcome) =>
        Crowding.Count(outcome.Target, outcome.Closest, Estimate) is > 0 and var crowded ? outcome with { Crowded = crowded } : outcome;

    /// <summary>Takes the outcome of a lookup; only one that reached its target's neighbourhood counts.</summary>
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
