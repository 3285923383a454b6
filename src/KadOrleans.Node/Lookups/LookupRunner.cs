using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Lookups;
using KadOrleans.Core.Routing;
using KadOrleans.Node.Diagnostics;
using KadOrleans.Node.Ports;
using KadOrleans.Node.Requests;

namespace KadOrleans.Node.Lookups;

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
    /// <summary>
    /// A lookup starts from this many times k contacts. It queries those beyond the k nearest only after unresponsive ones. If many nodes
    /// left at once, all of the k may be unresponsive.
    /// </summary>
    private const int SeedsPerK = 3;

    /// <summary>Looks up a target from the nearest known contacts. Never fails: the outcome says if it was cancelled.</summary>
    public Task<LookupOutcome> RunAsync(NodeId target, LookupKind kind, CancellationToken cancellationToken) =>
        RunAsync(target, kind, FindSeeds(target), asksAllHolders: false, tracing: null, cancellationToken);

    /// <summary>Looks up a target from the nearest known contacts, and takes down each query.</summary>
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
