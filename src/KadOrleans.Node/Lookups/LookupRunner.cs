using KadOrleans.Core;
using KadOrleans.Core.Lookups;
using KadOrleans.Core.Routing;
using KadOrleans.Node.Diagnostics;
using KadOrleans.Node.Ports;
using KadOrleans.Node.Requests;
using KadOrleans.Node.Trust;

namespace KadOrleans.Node.Lookups;

/// <summary>Runs lookups from the contacts of the routing table, and reports who answered.</summary>
internal sealed class LookupRunner(
    IRoutingTable table,
    RequestTable requests,
    AnswerGate gate,
    KademliaOptions options,
    NetworkSize size,
    TimeProvider time)
{
    /// <summary>
    /// Contacts per k that a lookup starts from. It asks those beyond the k nearest only behind silent ones, which may be
    /// all of the k where many nodes left at once.
    /// </summary>
    private const int SeedsPerK = 3;

    /// <summary>Looks up a target from the nearest known contacts; never fails, a cancelled lookup says so.</summary>
    public Task<LookupOutcome> RunAsync(NodeId target, LookupKind kind, CancellationToken cancellationToken)
    {
        var seeds = new Contact[SeedsPerK * options.BucketSize];
        var count = table.Snapshot.FindClosest(target, seeds);
        return RunAsync(target, kind, seeds.AsMemory(0, count), cancellationToken);
    }

    /// <summary>Looks up a target from the given contacts.</summary>
    public async Task<LookupOutcome> RunAsync(
        NodeId target, LookupKind kind, ReadOnlyMemory<Contact> seeds, CancellationToken cancellationToken)
    {
        var startedAt = time.GetTimestamp();
        using var activity = NodeActivities.StartLookup(kind);
        var ownId = table.Snapshot.OwnId;
        table.Observe(ContactObservation.LookedUp(target));
        var running = new RunningLookup(new Lookup(ownId, target, kind, seeds.Span, options), requests, ownId, gate.Consider);
        using (cancellationToken.UnsafeRegister(static l => ((RunningLookup)l!).Cancel(), running))
        {
            running.Start();
            var outcome = await running.Outcome;
            NodeMetrics.LookupEnded(outcome, time.GetElapsedTime(startedAt));
            activity?.End(outcome);
            size.Note(outcome);
            return outcome;
        }
    }
}
