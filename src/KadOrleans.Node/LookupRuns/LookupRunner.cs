using System.Diagnostics;
using KadOrleans.Core.Items;
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
    private static readonly ActivitySource Activities = new(NodeMetrics.MeterName);

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
            var outcome = size.Judge(await running.Outcome);
            metrics.LookupEnded(outcome, running.Elapsed);
            Describe(activity, kind, outcome);
            size.Note(outcome);
            return outcome;
        }
    }

    // A lookup fails if nobody was there or nobody answered. One that ran out of time or requests has a result.
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
        if (outcome.Reason is TerminationReason.NoContacts or TerminationReason.NobodyAnswered)
        {
            activity.SetTag(NodeMetrics.ErrorType, reason.Value).SetStatus(ActivityStatusCode.Error);
        }
    }
}

/// <summary>A <see cref="Lookup"/> on the wire. One lock guards the state machine; nothing is sent while it is held.</summary>
internal sealed class RunningLookup(
    Lookup lookup,
    RequestTable requests,
    OwnEndpoints own,
    NodeId ownId,
    Action<Contact> onProved,
    ItemChecks checks,
    TimeProvider time,
    LookupRecorder? recorder = null)
{
    /// <summary>Most lookups take some seconds. Without a deadline late contacts would make one last minutes.</summary>
    internal static readonly TimeSpan Deadline = TimeSpan.FromSeconds(15);

    /// <summary>Unresponsive contacts that are queried without a place. In an outage of our own network all would be.</summary>
    private const int MaxUnresponsive = 16;

    /// <summary>The most different items that are verified: k holders that tell the truth have one or two.</summary>
    private const int MaxChecks = 20;

    // Guards lookup, recorder, _unresponsive, _isInGrace and _checked.
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<LookupOutcome> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly long _startedAt = time.GetTimestamp();
    private ITimer? _timer;
    private bool _isInGrace;
    private int _unresponsive;

    // Items that holders have, each with its check: many have the same.
    private Dictionary<DhtValue, Task<ItemCheck>>? _checked;

    public Task<LookupOutcome> Outcome => _outcome.Task;

    public bool IsSurvey => lookup.IsSurvey;

    /// <summary>What was recorded, once the outcome is known.</summary>
    public IReadOnlyList<LookupQuery> Queries { get; private set; } = [];

    /// <summary>What a survey knows, once the outcome is known.</summary>
    public RegionSurvey? Survey { get; private set; }

    public TimeSpan Elapsed => time.GetElapsedTime(_startedAt);

    private TimeSpan Left => Deadline - Elapsed;

    private TimeSpan Grace => lookup.NeedsRetries ? requests.Grace : requests.ShortGrace;

    public void Start()
    {
        _timer = time.CreateTimer(static l => ((RunningLookup)l!).OnTimer(), this, Deadline, Timeout.InfiniteTimeSpan);
        Pump();
    }

    public void Cancel() => Change(lookup.Cancel);

    public void OnNodes(FindCall call, Span<Contact> contacts)
    {
        var allowed = 0;
        foreach (var contact in contacts)
        {
            if (!requests.Bans.Set.Contains(contact) && !own.IsRefused(contact))
            {
                contacts[allowed++] = contact;
            }
        }

        lock (_gate)
        {
            recorder?.Ended(call.Contact.Endpoint, Elapsed, contacts.Length);
            lookup.OnNodes(call.Contact, contacts[..allowed]);
        }

        Pump();
    }

    public void OnValue(FindCall call, DhtValue value, TimeSpan? life)
    {
        if (requests.Bans.Set.ContainsOwnerOf(value))
        {
            Change(() => Refuse(call));
        }
        else if (ItemEnvelope.IsItemLike(value))
        {
            // Not awaited: this thread receives datagrams. The lookup waits for the contact until it is done, and it never fails.
            _ = OnItemAsync(call, value, life);
        }
        else
        {
            OnChecked(call, value, life, item: null);
        }
    }

    public void OnUnresponsive(FindCall call) => Change(() => lookup.OnUnresponsive(call.Contact));

    public void OnFailed(FindCall call) => Change(() =>
    {
        recorder?.Ended(call.Contact.Endpoint, Elapsed);
        lookup.OnFailed(call.Contact);
    });

    // Who gives what is no item of this key, or is not signed, has answered and has nothing.
    private async Task OnItemAsync(FindCall call, DhtValue value, TimeSpan? life)
    {
        var item = CheckAsync(value) is { } check ? (await check).Item : null;
        if (item is not null)
        {
            OnChecked(call, value, life, item);
            return;
        }

        Change(() => Refuse(call));
    }

    // What is no answer: the contact has answered, and said nothing. Within the lock.
    private void Refuse(FindCall call)
    {
        recorder?.Ended(call.Contact.Endpoint, Elapsed);
        lookup.OnNodes(call.Contact, []);
    }

    private void OnChecked(FindCall call, DhtValue value, TimeSpan? life, CheckedItem? item) => Change(() =>
    {
        recorder?.Ended(call.Contact.Endpoint, Elapsed, value: value);
        lookup.OnValue(call.Contact, value, life, item);
    });

    // Null if too many differ. This node asked for them, so no source pays.
    private Task<ItemCheck>? CheckAsync(DhtValue value)
    {
        lock (_gate)
        {
            _checked ??= [];
            if (!_checked.TryGetValue(value, out var check) && _checked.Count < MaxChecks)
            {
                check = _checked[value] = checks.CheckAsync(lookup.Target, value, SourceNetwork.Trusted).AsTask();
            }

            return check;
        }
    }

    private void OnTimer() => Change(() =>
    {
        if (_isInGrace)
        {
            lookup.StopWaitingForUnresponsive();
        }

        var left = Left;
        if (left <= TimeSpan.Zero)
        {
            lookup.ReachDeadline();
        }
        else if (!lookup.IsDone)
        {
            // A contact that was waited for led to others.
            _isInGrace = false;
            _timer!.Change(left, Timeout.InfiniteTimeSpan);
        }
    });

    private void Change(Action change)
    {
        lock (_gate)
        {
            change();
        }

        Pump();
    }

    private void OnIdentified(OutgoingRequest call, NodeId? id, RequestFailure? failure)
    {
        // As if it had not said who it is.
        id = id is { } named && requests.Bans.Set.Contains(named) ? null : id;
        lock (_gate)
        {
            lookup.OnIdentified(call.Destination, id);
        }

        if (id is { } known)
        {
            onProved(new Contact(known, call.Destination));
        }

        Pump();
    }

    private void Pump()
    {
        while (TryNext(out var contact, out var target, out var needsProof))
        {
            PassOverIfUnresponsive(contact);
            requests.Send(new FindCall(contact, ownId, lookup.Kind, target, this));
            if (needsProof)
            {
                var unresponsive = () => Change(() => lookup.OnUnresponsiveProof(contact.Endpoint));
                requests.Send(new PingCall(contact.Endpoint, null, ownId, OnIdentified, unresponsive, retriesUnresponsive: !IsSurvey));
            }
        }
    }

    /// <summary>A contact that did not answer another lookup takes no place in this one.</summary>
    private void PassOverIfUnresponsive(Contact contact)
    {
        if (_unresponsive < MaxUnresponsive && requests.IsUnresponsive(contact.Endpoint))
        {
            lock (_gate)
            {
                _unresponsive++;
                lookup.PassOver(contact);
            }
        }
    }

    private bool TryNext(out Contact contact, out NodeId target, out bool needsProof)
    {
        (target, needsProof) = (default, false);
        lock (_gate)
        {
            if (lookup.TryNext(out contact))
            {
                recorder?.Sent(contact, Elapsed);
                target = lookup.QueryTargetOf(contact);
                needsProof = lookup.NeedsProof(contact);
                return true;
            }

            if (!_isInGrace && lookup.IsWaitingForUnresponsive && !lookup.NeedsRetries && Left <= Grace)
            {
                // No time is left for those that are probably gone.
                lookup.StopWaitingForUnresponsive();
            }

            if (lookup.IsDone)
            {
                _timer?.Dispose();
                Queries = recorder?.Read(lookup) ?? [];
                Survey = lookup.GetSurvey();
                _outcome.TrySetResult(lookup.GetOutcome());
            }
            else if (!_isInGrace && lookup.IsWaitingForUnresponsive && Left > Grace)
            {
                _isInGrace = true;
                _timer?.Change(Grace, Timeout.InfiniteTimeSpan);
            }

            return false;
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
