using KadOrleans.Core.Values;

namespace KadOrleans.Core.Lookups;

/// <summary>
/// An iterative lookup as a state machine (Kademlia §2.3): says whom to ask next and takes what came back. It keeps
/// up to α requests in flight at all times rather than in rounds, so one silent contact delays nobody, and ends once
/// the k nearest contacts that answer have answered. Not safe for several threads.
/// </summary>
public sealed class Lookup
{
    /// <summary>
    /// Requests of one lookup, at most. An honest network of millions needs about 60; one that leads us on with
    /// invented contacts must not keep us busy for ever.
    /// </summary>
    public const int MaxRequests = 256;

    /// <summary>Contacts per k that are kept beside those that were asked: enough to go on behind silent ones.</summary>
    private const int CandidatesPerK = 8;

    private readonly KademliaOptions _options;
    private readonly NodeId _ownId;
    private readonly CandidateSet _candidates;
    private int _asked;
    private int _answered;
    private int _failed;
    private int _waiting;
    private int _slow;
    private bool _hasValue;
    private bool _cancelled;

    /// <summary>Starts a lookup.</summary>
    /// <param name="ownId">Never asked, never in the result.</param>
    /// <param name="target">What is looked for.</param>
    /// <param name="kind">What for.</param>
    /// <param name="seeds">The contacts to start from, usually the k nearest of the routing table.</param>
    /// <param name="options">k and α.</param>
    public Lookup(NodeId ownId, NodeId target, LookupKind kind, ReadOnlySpan<Contact> seeds, KademliaOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Target = target;
        Kind = kind;
        Question = kind == LookupKind.Node && target != ownId ? Beside(target) : target;
        _ownId = ownId;
        _options = options;
        _candidates = new CandidateSet(target, MaxRequests + (options.BucketSize * CandidatesPerK));
        Hear(seeds, hops: 1);
    }

    /// <summary>What is looked for.</summary>
    public NodeId Target { get; }

    /// <summary>What for.</summary>
    public LookupKind Kind { get; }

    /// <summary>
    /// The target that requests name. Nodes leave the contact with the very id that is asked for out of their answers, so
    /// a lookup of nodes asks for the id that differs from the target in the last bit: the same nodes are near to both.
    /// The key of a value and the own id are asked for as they are.
    /// </summary>
    public NodeId Question { get; }

    /// <summary>Whether the outcome stands; what comes late no longer changes it.</summary>
    public bool IsDone => Reason is not null;

    /// <summary>Why the lookup is over, or null while it is not.</summary>
    public TerminationReason? Reason
    {
        get
        {
            if (_cancelled)
            {
                return TerminationReason.Cancelled;
            }

            if (_waiting > 0 || (!_hasValue && NextHeard() is not null && _asked < MaxRequests))
            {
                return null;
            }

            return ReasonWhenIdle();
        }
    }

    /// <summary>The next contact to ask now; false if none is to be asked before something comes back.</summary>
    public bool TryNext(out Contact contact)
    {
        contact = default;
        if (_cancelled || _hasValue || _waiting >= _options.LookupConcurrency || _asked >= MaxRequests)
        {
            return false;
        }

        var next = NextHeard();
        if (next is null)
        {
            return false;
        }

        next.State = CandidateState.Waiting;
        _asked++;
        _waiting++;
        contact = next.Contact;
        return true;
    }

    /// <summary>A contact answered with contacts it knows.</summary>
    public void OnNodes(Contact from, ReadOnlySpan<Contact> nodes)
    {
        if (Settle(from, CandidateState.Answered) is { } candidate)
        {
            Hear(nodes, candidate.Hops + 1, from.Endpoint);
        }
    }

    /// <summary>A contact answered with the value.</summary>
    /// <param name="from">The contact.</param>
    /// <param name="value">The value.</param>
    /// <param name="life">How long it has yet to live there; null if the contact does not say.</param>
    public void OnValue(Contact from, DhtValue value, TimeSpan? life = null)
    {
        if (Settle(from, CandidateState.Answered) is { } candidate)
        {
            candidate.Value = value;
            candidate.Life = life;
            _hasValue = true;
        }
    }

    /// <summary>A contact is late: others are asked in its place, and it may still answer.</summary>
    public void OnSlow(Contact from)
    {
        if (Find(from) is { State: CandidateState.Waiting } candidate)
        {
            candidate.State = CandidateState.Slow;
            _waiting--;
            _slow++;
        }
    }

    /// <summary>A contact did not answer, or not with an answer.</summary>
    public void OnFailed(Contact from) => Settle(from, CandidateState.Failed);

    /// <summary>Ends the lookup with what it has. Any number of times.</summary>
    public void Cancel() => _cancelled |= !IsDone;

    /// <summary>The state of a contact, or null if the lookup does not know it.</summary>
    public CandidateState? StateOf(NodeId id) => _candidates.Find(id)?.State;

    /// <summary>The outcome so far; it stands once <see cref="IsDone"/>.</summary>
    public LookupOutcome GetOutcome()
    {
        var closest = _candidates.ByDistance.Where(c => c.State == CandidateState.Answered).ToList();
        var value = LookupMajority.Choose(closest);
        var cacheAt = value is null ? null : closest.Find(c => c.Value.Kind == DhtValueKind.None);
        return new LookupOutcome
        {
            Target = Target,
            Reason = Reason ?? TerminationReason.Cancelled,
            Closest = [.. closest.Take(_options.BucketSize).Select(c => c.Contact)],
            AnsweredContacts = [.. closest.Select(c => c.Contact)],
            Value = value,
            ValueLife = closest.Where(c => value is not null && c.Value == value).Max(c => c.Life),
            CacheAt = cacheAt?.Contact,
            CacheBelongs = cacheAt is not null && IsAmongNearest(cacheAt),
            Asked = _asked,
            Answered = _answered,
            Failed = _failed,
            Hops = closest.Count == 0 ? 0 : closest[0].Hops,
        };
    }

    private static NodeId Beside(NodeId id) => id.WithBit(NodeId.BitLength - 1, !id.GetBit(NodeId.BitLength - 1));

    private TerminationReason? ReasonWhenIdle()
    {
        if (_hasValue)
        {
            return TerminationReason.ValueFound;
        }

        // One lost datagram must not hide a value: its holder may be among the late, whose retry is under way.
        if (Kind == LookupKind.Value && _slow > 0)
        {
            return null;
        }

        if (_asked >= MaxRequests && NextHeard() is not null)
        {
            return TerminationReason.RequestLimit;
        }

        if (_answered > 0)
        {
            return TerminationReason.Converged;
        }

        if (_slow > 0)
        {
            return null;
        }

        return _asked == 0 ? TerminationReason.NoContacts : TerminationReason.NobodyAnswered;
    }

    /// <summary>The nearest unasked contact among the k nearest that are not silent.</summary>
    private Candidate? NextHeard()
    {
        var window = _options.BucketSize;
        foreach (var candidate in _candidates.ByDistance)
        {
            switch (candidate.State)
            {
                case CandidateState.Heard:
                    return candidate;
                case CandidateState.Failed or CandidateState.Slow:
                    continue;
            }

            if (--window == 0)
            {
                return null;
            }
        }

        return null;
    }

    private bool IsAmongNearest(Candidate candidate) => _candidates.ByDistance
        .TakeWhile(c => c != candidate)
        .Count(c => c.State != CandidateState.Failed) < _options.BucketSize;

    private Candidate? Find(Contact from) =>
        _candidates.Find(from.Id) is { } candidate && candidate.Contact == from ? candidate : null;

    private Candidate? Settle(Contact from, CandidateState state)
    {
        // What comes after the end changes nothing: a late answer must not send a lookup that is over on its way again.
        if (IsDone || Find(from) is not { IsPending: true } candidate)
        {
            return null;
        }

        if (candidate.State == CandidateState.Waiting)
        {
            _waiting--;
        }
        else
        {
            _slow--;
        }

        candidate.State = state;
        if (state == CandidateState.Answered)
        {
            _answered++;
        }
        else
        {
            _failed++;
        }

        return candidate;
    }

    private void Hear(ReadOnlySpan<Contact> contacts, int hops, UdpEndpoint? source = null)
    {
        foreach (var contact in contacts)
        {
            if (contact.Id != _ownId
                && contact.Endpoint.IsUnicast
                && (source is null || Admission.AddressScope.Allows(source.Value, contact.Endpoint)))
            {
                _candidates.Add(contact, hops);
            }
        }
    }
}
