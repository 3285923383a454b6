using KadOrleans.Core.Items;
using KadOrleans.Signatures;

namespace KadOrleans.Node;

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
