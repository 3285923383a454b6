using System.Diagnostics;
using KadOrleans.Signatures;

namespace KadOrleans.Node;

/// <summary>Runs lookups from the contacts of the routing table, and reports which contacts responded.</summary>
internal sealed class LookupRunner(
    IRoutingTable table,
    RequestTable requests,
    Action<Contact> onProved,
    OwnEndpoints own,
    KademliaOptions options,
    AddressRangeSet trusted,
    NetworkSize size,
    ItemChecks checks,
    NodeMetrics metrics,
    NodeEnvironment environment)
{
    /// <summary>Seeds per k. Those beyond k are queried only after unresponsive ones, as when many nodes left at once.</summary>
    private const int SeedsPerK = 3;

    // Requests have no spans: there are too many, and responses arrive on other threads.
    private static readonly ActivitySource Activities = new(KadTelemetry.ActivitySourceName);

    private static readonly KeyValuePair<string, object?>[] Kinds = MetricTags.Tags<LookupKind>("kad.lookup.kind");
    private static readonly KeyValuePair<string, object?>[] Reasons = MetricTags.Tags<TerminationReason>("kad.lookup.reason");

    /// <summary>Looks up a target. Never fails: the outcome says if it was cancelled.</summary>
    public Task<LookupOutcome> RunAsync(NodeId target, LookupKind kind, CancellationToken cancellationToken) =>
        RunAsync(target, Create(target, kind), kind, cancellationToken);

    public Task<LookupOutcome> RunAsync(NodeId target, Contact[] seeds, CancellationToken cancellationToken) =>
        RunAsync(target, Create(target, LookupKind.Node, seeds), LookupKind.Node, cancellationToken);

    /// <summary>Looks up a value and queries all of the k nearest, even if the first ones agree.</summary>
    public Task<LookupOutcome> AskAllHoldersAsync(NodeId key, CancellationToken cancellationToken) =>
        RunAsync(key, Create(key, LookupKind.Value, asksAllHolders: true), LookupKind.Value, cancellationToken);

    /// <summary>Asks contacts that are known and have proved their ids for a value, and waits for the slow. It is no lookup: it searches for nobody.</summary>
    public async Task<LookupOutcome> AskHoldersAsync(NodeId key, IReadOnlyList<Contact> holders, CancellationToken cancellationToken)
    {
        var running = Create(key, LookupKind.Value, [.. holders], asksAllHolders: true, asksSeedsAlone: true);
        using (cancellationToken.UnsafeRegister(static l => ((RunningLookup)l!).Cancel(), running))
        {
            running.Start();
            return await running.Outcome;
        }
    }

    /// <summary>Finds the nodes around a target, so many that the k nearest of keys near it are among them.</summary>
    /// <returns>The outcome for the target, and what is known. That is null if the survey was cut short.</returns>
    public async Task<(LookupOutcome Outcome, RegionSurvey? Survey)> SurveyAsync(NodeId target, CancellationToken cancellationToken)
    {
        var running = Create(target, LookupKind.Node, breadth: RegionSurvey.BreadthInK * options.BucketSize);
        return (await RunAsync(target, running, LookupKind.Node, cancellationToken), running.Survey);
    }

    public async Task<LookupTrace> TraceAsync(NodeId target, LookupKind kind, CancellationToken cancellationToken)
    {
        var running = Create(target, kind, recorder: new LookupRecorder());
        var outcome = await RunAsync(target, running, kind, cancellationToken);
        return new LookupTrace(table.Snapshot.OwnId, outcome, running.Elapsed, running.Queries);
    }

    private ReadOnlySpan<Contact> FindSeeds(NodeId target)
    {
        var seeds = new Contact[SeedsPerK * options.BucketSize];
        return seeds.AsSpan(0, table.Snapshot.FindClosest(target, seeds));
    }

    private RunningLookup Create(
        NodeId target,
        LookupKind kind,
        Contact[]? seeds = null,
        bool asksAllHolders = false,
        bool asksSeedsAlone = false,
        int? breadth = null,
        LookupRecorder? recorder = null)
    {
        var ownId = table.Snapshot.OwnId;
        Span<byte> draw = stackalloc byte[sizeof(uint)];
        environment.Random.Fill(draw);
        var policy = new LookupPolicy
        {
            IsProved = contact => asksSeedsAlone || table.Snapshot.Contains(contact),
            Trusted = trusted,
            Draw = BitConverter.ToUInt32(draw),
            AsksAllHolders = asksAllHolders,
            AsksSeedsAlone = asksSeedsAlone,
            Breadth = breadth,
        };
        var lookup = new Lookup(ownId, target, kind, seeds ?? FindSeeds(target), options, policy);
        return new RunningLookup(lookup, requests, own, ownId, onProved, checks, environment.Time, recorder);
    }

    private async Task<LookupOutcome> RunAsync(
        NodeId target, RunningLookup running, LookupKind kind, CancellationToken cancellationToken)
    {
        table.Observe(ContactObservation.LookedUp(target));
        using var activity = Activities.StartActivity("kad.lookup", ActivityKind.Client);
        using (cancellationToken.UnsafeRegister(static l => ((RunningLookup)l!).Cancel(), running))
        {
            running.Start();
            var outcome = size.CountCrowded(await running.Outcome);
            metrics.LookupEnded(outcome, running.Elapsed);
            Describe(activity, kind, outcome);
            size.Record(outcome);
            return outcome;
        }
    }

    // A lookup fails if nobody answered. One that ran out of time or requests has a result, and the first node of a network has nobody to ask.
    private static void Describe(Activity? activity, LookupKind kind, LookupOutcome outcome)
    {
        if (activity is null)
        {
            return;
        }

        var reason = Reasons[(int)outcome.Reason];
        activity
            .SetTag(Kinds[(int)kind].Key, Kinds[(int)kind].Value)
            .SetTag(reason.Key, reason.Value)
            .SetTag("kad.lookup.requests", outcome.Asked)
            .SetTag("kad.lookup.responses", outcome.Answered);
        if (outcome.Reason is TerminationReason.NobodyAnswered)
        {
            activity.SetTag(NodeMetrics.ErrorType, reason.Value).SetStatus(ActivityStatusCode.Error);
        }
    }
}

internal sealed class FindCall(Contact contact, NodeId sender, LookupKind kind, NodeId target, RunningLookup lookup)
    : OutgoingRequest(contact.Endpoint, contact.Id)
{
    /// <summary>The most contacts read from one response; nodes send their k, mostly 20.</summary>
    public const int MaxContacts = 64;

    public Contact Contact { get; } = contact;

    public override RequestKind Kind { get; } = kind switch
    {
        LookupKind.Node => RequestKind.FindNode,
        LookupKind.Value => RequestKind.FindValue,
    };

    public override bool AsksForToken => true;

    // A survey asks nodes that mostly have no proof of this node's address, and nobody waits for it as for a lookup.
    public override int ExpectedRoundTrips => lookup.IsSurvey ? 2 : 1;

    // Contacts name those that left for long. One that is back joins the survey once it has answered a ping.
    public override bool RetriesUnresponsive => !lookup.IsSurvey;

    public override int Write(Span<byte> destination, MessageId id) =>
        RequestWriter.Write(destination, id, Kind, sender, target, AsksForToken);

    public override bool TryComplete(ReadOnlySpan<byte> body)
    {
        Span<Contact> contacts = stackalloc Contact[MaxContacts];
        DhtValue value = default;
        int count;
        var understood = Kind == RequestKind.FindNode
            ? ResponseReader.TryReadNodes(body, contacts, out count)
            : ResponseReader.TryReadFindValue(body, contacts, out count, out value);
        if (!understood)
        {
            return false;
        }

        if (value.Kind == DhtValueKind.None)
        {
            lookup.OnNodes(this, contacts[..count]);
        }
        else
        {
            TimeSpan? life = ResponseReader.ReadSecondsLeft(body) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
            lookup.OnValue(this, value, life);
        }

        return true;
    }

    public override void OnUnresponsive() => lookup.OnUnresponsive(this);

    public override void OnFailed(RequestFailure failure) => lookup.OnFailed(this);
}
