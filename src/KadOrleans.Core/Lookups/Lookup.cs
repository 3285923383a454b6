using KadOrleans.Core.Items;

namespace KadOrleans.Core;

// An iterative lookup as a state machine (Kademlia §2.3). It keeps up to α requests pending, without rounds. It ends once the k
// nearest responsive contacts have answered on each disjoint path. Not thread-safe.
internal sealed class Lookup
{
    // Each path has an equal share. An honest network of millions needs about 60; invented contacts would go on without end.
    public const int MaxRequests = 256;

    // Votes of different networks that settle an undisputed value. Fewer let a few addresses decide; each more costs a request.
    public const int Quorum = 5;

    private const int CandidatesPerK = 8;

    // Of a survey: what it covers, its half and its quarter.
    private const int SurveyedHalvings = 3;

    private readonly KademliaOptions _options;
    private readonly LookupPolicy _policy;
    private readonly NodeId _ownId;

    // k, or a survey's breadth.
    private readonly int _breadth;
    private readonly CandidateSet _candidates;
    private readonly LookupPaths _paths;
    private int _asked;
    private int _answered;
    private int _failed;
    private int _unresponsive;

    // Unresponsive ones that have answered the query and not yet proved their id.
    private int _unproved;

    // Unresponsive ones that were passed over when they were asked.
    private int _passedOver;
    private bool _hasValue;
    private bool _hasItem;
    private bool _isDisputed;
    private bool _isAmongExempt = true;
    private bool _waitsForUnresponsive = true;
    private TerminationReason? _ended;

    /// <summary>Seeds come nearest first. With fewer than k of them there is one path: they are the network.</summary>
    public Lookup(
        NodeId ownId, NodeId target, LookupKind kind, ReadOnlySpan<Contact> seeds, KademliaOptions options, LookupPolicy? policy = null)
    {
        Target = target;
        Kind = kind;
        QueryTarget = kind == LookupKind.Node && target != ownId ? Beside(target) : target;
        _ownId = ownId;
        _options = options;
        _policy = policy ?? LookupPolicy.Default;
        _breadth = _policy.Breadth ?? options.BucketSize;
        _candidates = new CandidateSet(target, MaxRequests + (_breadth * CandidatesPerK), _policy.Trusted);
        var paths = seeds.Length < options.BucketSize ? 1 : options.DisjointPaths;
        _paths = new LookupPaths(
            _candidates, paths, _breadth, MaxRequests, IsSurvey ? RegionSurvey.PerNetwork : LookupPaths.PerNetwork);
        for (var i = 0; i < seeds.Length; i++)
        {
            Hear(seeds[i], null, i % paths);
        }
    }

    public NodeId Target { get; }

    public LookupKind Kind { get; }

    // Nodes leave the contact whose id is the target out of their responses. So a lookup of nodes asks for the id that differs in
    // the last bit: the same nodes are near to both. A value's key and the own id are asked for unchanged.
    public NodeId QueryTarget { get; }

    /// <summary>Whether it finds the nodes around its target for many keys: <see cref="GetSurvey"/>.</summary>
    public bool IsSurvey => _policy.Breadth is not null;

    public bool IsDone => Reason is not null;

    public TerminationReason? Reason =>
        _ended ?? (_paths.Waiting > 0 || Next().Candidate is not null ? null : ReasonWhenIdle());

    // Whether it is worth waiting for retries: a lost datagram must not hide a value, nor a lost pong a contact that has answered, nor all
    // that were asked. Nor must it hide a node from a survey, which is used for hours.
    public bool NeedsRetries =>
        _unproved > 0 || (_unresponsive > 0 && (Kind == LookupKind.Value || _answered == 0 || IsSurvey));

    public bool IsWaitingForUnresponsive => _paths.Waiting == 0 && !IsDone && Next().Candidate is null;

    // More while votes are missing, so that one round trip brings them.
    private int Concurrency => _hasValue ? Math.Max(_options.LookupConcurrency, Quorum) : Math.Max(_options.LookupConcurrency, _paths.Count);

    public bool TryNext(out Contact contact)
    {
        contact = default;
        var (next, path) = _ended is not null || _paths.Waiting >= Concurrency ? default : Next();
        if (next is null)
        {
            return false;
        }

        next.Paths |= 1u << path;
        _paths.Begin(next, path);
        _isAmongExempt &= next.Network is null;
        _asked++;
        contact = next.Contact;
        return true;
    }

    /// <summary>
    /// What a contact is asked for. A survey asks those that are near its target for nodes around themselves, and in turns for nodes in the
    /// other half and the other quarters of what it surveys: else a part whose nodes all name each other would hide the rest.
    /// </summary>
    public NodeId QueryTargetOf(Contact contact)
    {
        if (!IsSurvey)
        {
            return QueryTarget;
        }

        var depth = GetSurveyDepth();
        if (contact.Id.CommonPrefixLength(Target) < depth)
        {
            return QueryTarget;
        }

        // Of its path: if all paths took turns together, each part would be asked by one path alone.
        var turn = _paths.CountAsked(Find(contact)!.AskedBy) % (2 * SurveyedHalvings);
        var bit = depth + turn;
        return turn >= SurveyedHalvings || bit >= NodeId.BitLength ? Beside(contact.Id) : contact.Id.WithBit(bit, !contact.Id.GetBit(bit));
    }

    /// <summary>Whether a queried contact must be asked for its id as well; see <see cref="LookupPolicy.IsProved"/>.</summary>
    public bool NeedsProof(Contact contact) => _candidates.Find(contact.Endpoint) is { IsProved: false };

    public void OnNodes(Contact from, ReadOnlySpan<Contact> nodes)
    {
        if (AcceptReply(from) is not { } candidate)
        {
            return;
        }

        // The network's nodes send k, nearest first; more would only make room for inventions.
        foreach (var contact in _policy.AsksSeedsAlone ? [] : nodes[..Math.Min(nodes.Length, _options.BucketSize)])
        {
            if (AddressScope.Allows(from.Endpoint, contact.Endpoint))
            {
                Hear(contact, candidate, candidate.AskedBy);
            }
        }

        SettleIfProved(candidate);
    }

    /// <summary>An answer with a value. One that begins as an item does comes with the item that it was found to be, or not at all.</summary>
    public void OnValue(Contact from, DhtValue value, TimeSpan? life = null, CheckedItem? item = null)
    {
        if (AcceptReply(from) is { } candidate)
        {
            (candidate.Value, candidate.Life, candidate.Item) = (value, life, item);
            SettleIfProved(candidate);
        }
    }

    /// <summary>The id is null if the endpoint has none or did not answer.</summary>
    public void OnIdentified(UdpEndpoint endpoint, NodeId? id)
    {
        if (IsDone || _candidates.Find(endpoint) is not { IsPending: true, IsProved: false } candidate)
        {
            return;
        }

        if (id is not { } known || known == _ownId)
        {
            Settle(candidate, CandidateState.Failed);
            return;
        }

        if (known != candidate.Contact.Id)
        {
            candidate.Credit(isTrue: false);
            _candidates.Rename(candidate, known);
            candidate.NamedBy = null;
        }

        candidate.IsProved = true;
        SettleIfProved(candidate);
    }

    /// <summary>A contact's retry timeout is over: others are queried in its place. It may still answer.</summary>
    public void OnUnresponsive(Contact from)
    {
        if (Find(from) is { State: CandidateState.Waiting } candidate)
        {
            SetUnresponsive(candidate);
        }
    }

    // A contact that is asked now did not answer an earlier lookup, and takes no place. It may be back: a lookup that is otherwise over
    // waits for it until StopWaitingForUnresponsive, else each node of a part that was cut off would be missed once by every other one.
    public void PassOver(Contact contact)
    {
        if (Find(contact) is { State: CandidateState.Waiting } candidate)
        {
            candidate.IsPassedOver = true;
            _passedOver++;
            SetUnresponsive(candidate);
        }
    }

    /// <summary>An endpoint's id ping timed out. Once it has answered the lookup's query, others are asked in its place.</summary>
    public void OnUnresponsiveProof(UdpEndpoint endpoint)
    {
        if (_candidates.Find(endpoint) is { State: CandidateState.Waiting } candidate)
        {
            candidate.IsProofUnresponsive = true;
            SetUnresponsiveIfUnproved(candidate);
        }
    }

    public void OnFailed(Contact from)
    {
        if (!IsDone && Find(from) is { IsPending: true, HasReplied: false } candidate)
        {
            Settle(candidate, CandidateState.Failed);
        }
    }

    public void Cancel() => _ended ??= IsDone ? null : TerminationReason.Cancelled;

    public void ReachDeadline() => _ended ??= IsDone ? null : TerminationReason.DeadlineReached;

    public void StopWaitingForUnresponsive() => _waitsForUnresponsive &= !IsWaitingForUnresponsive;

    public Candidate? CandidateAt(UdpEndpoint endpoint) => _candidates.Find(endpoint);

    public LookupOutcome GetOutcome()
    {
        var answered = _candidates.ByDistance.Where(c => c.State == CandidateState.Answered).DistinctBy(c => c.Contact.Id).ToList();
        var closest = ClosestContacts.Choose(answered, _paths.Count, _options.BucketSize);

        // An item proves itself, whoever has it, and belongs on all that lack it: also on those that have an older one.
        var vote = LookupVote.Count(_hasItem || !closest.Any(c => c.IsHolder) ? answered : closest);
        var cacheAt = vote.Item is not null ? answered.Find(c => c.Value != vote.Value)
            : vote.Agreed > vote.Differed ? answered.Find(c => !c.IsHolder)
            : null;
        return new LookupOutcome
        {
            Target = Target,
            Reason = Reason ?? TerminationReason.Cancelled,
            Closest = [.. closest.Select(c => c.Contact)],
            AnsweredContacts = [.. answered.Select(c => c.Contact)],
            Value = vote.Value,
            Item = vote.Item,
            ValueLife = vote.Life,
            Holder = vote.Holder,
            Agreed = vote.Agreed,
            Differed = vote.Differed,
            CacheAt = cacheAt?.Contact,
            CacheBelongs = cacheAt is not null && IsAmongNearest(cacheAt),
            Asked = _asked,
            Answered = _answered,
            Failed = _failed,
            Hops = closest.Count == 0 ? 0 : closest[0].Hops,
        };
    }

    /// <summary>
    /// What a survey that is done knows. Null if it was cut short, as by somebody who invents contacts, or found fewer nodes than it was to find and
    /// yet is not the whole network: more than answered are known that did not, as in an outage, or were not asked, as they share a few networks.
    /// </summary>
    public RegionSurvey? GetSurvey()
    {
        if (Reason != TerminationReason.Converged || _policy.Breadth is not { } breadth)
        {
            return null;
        }

        List<Candidate> answered = [.. _candidates.ByDistance.Where(c => c.State == CandidateState.Answered).DistinctBy(c => c.Contact.Id)];
        if (answered.Count < breadth && _paths.CountMissing() > answered.Count)
        {
            return null;
        }

        Distance? reach = answered.Count < breadth ? null : answered[breadth - 1].Distance;
        return new RegionSurvey(Target, answered, reach, _options.BucketSize, _policy.Trusted);
    }

    // How many bits the target shares with the last of the contacts that are surveyed, as far as they are known.
    private int GetSurveyDepth()
    {
        var left = _breadth;
        foreach (var candidate in _candidates.ByDistance)
        {
            if (candidate.State != CandidateState.Failed && --left == 0)
            {
                return candidate.Distance.LeadingZeroBits;
            }
        }

        return 0;
    }

    private static NodeId Beside(NodeId id) => id.WithBit(NodeId.BitLength - 1, !id.GetBit(NodeId.BitLength - 1));

    private (Candidate? Candidate, int Path) Next() =>
        _asked >= MaxRequests || (_hasValue && IsSettled()) ? default
        : _hasValue && _paths.NextVoter(_policy.Draw) is { Candidate: not null } voter ? voter
        : _paths.Next();

    /// <summary>
    /// No holder has an item, of which the next may have a newer one, none differs, and enough networks agree or all addresses are private, whose
    /// owners are unknown.
    /// </summary>
    private bool IsSettled() => !_policy.AsksAllHolders && !_hasItem && !_isDisputed && (_isAmongExempt
        || LookupVote.Count(_candidates.ByDistance.Where(c => c.IsHolder && IsAmongNearest(c))).Agreed >= Quorum);

    // Where nobody is asked in the place of an unresponsive one, a value that is found does not end the wait: each voice is missed.
    private TerminationReason? ReasonWhenIdle() =>
        _hasValue && !_policy.AsksSeedsAlone ? TerminationReason.ValueFound
        : _waitsForUnresponsive && (NeedsRetries || MayPassedOverBeNearest()) ? null
        : _hasValue ? TerminationReason.ValueFound
        : _paths.IsCutOff ? TerminationReason.RequestLimit
        : _answered > 0 ? TerminationReason.Converged
        : _asked == 0 ? TerminationReason.NoContacts
        : TerminationReason.NobodyAnswered;

    // Whether the answer of one that was passed over would be among the k nearest: farther ones are not worth a wait.
    private bool MayPassedOverBeNearest() => _passedOver > 0
        && _candidates.ByDistance.Where(c => c.State == CandidateState.Answered || c.IsPassedOver).Take(_breadth).Any(c => c.IsPassedOver);

    private bool IsAmongNearest(Candidate candidate) => _candidates.ByDistance
        .TakeWhile(c => c != candidate)
        .Count(c => c.State != CandidateState.Failed) < _options.BucketSize;

    private Candidate? Find(Contact from) => _candidates.Find(from.Endpoint);

    private void Hear(Contact contact, Candidate? namer, int path)
    {
        if (contact.Id != _ownId
            && contact.Endpoint.IsUnicast
            && _candidates.Hear(contact, namer, path, _policy.IsProved?.Invoke(contact) ?? true) is { } candidate)
        {
            candidate.Paths |= 1u << path;
        }
    }

    // A response after the end changes nothing: it must not start a finished lookup again.
    private Candidate? AcceptReply(Contact from)
    {
        if (IsDone || Find(from) is not { IsPending: true, HasReplied: false } candidate)
        {
            return null;
        }

        candidate.HasReplied = true;
        _unproved += candidate.State == CandidateState.Unresponsive ? 1 : 0;
        SetUnresponsiveIfUnproved(candidate);
        return candidate;
    }

    private void SetUnresponsiveIfUnproved(Candidate candidate)
    {
        if (candidate is { State: CandidateState.Waiting, HasReplied: true, IsProofUnresponsive: true, IsProved: false })
        {
            SetUnresponsive(candidate);
        }
    }

    private void SetUnresponsive(Candidate candidate)
    {
        _paths.End(candidate, CandidateState.Unresponsive);
        _unresponsive++;
        _unproved += candidate.HasReplied ? 1 : 0;
    }

    private void SettleIfProved(Candidate candidate)
    {
        if (candidate is { IsProved: true, HasReplied: true })
        {
            Settle(candidate, CandidateState.Answered);
            _hasValue |= candidate.IsHolder;
            _hasItem |= candidate is { IsHolder: true, Item: not null };
            _isDisputed |= candidate.IsHolder && _candidates.ByDistance.Any(c => c.IsHolder && c.Value != candidate.Value);
        }
    }

    private void Settle(Candidate candidate, CandidateState state)
    {
        var wasUnresponsive = candidate.State == CandidateState.Unresponsive;
        _unresponsive -= wasUnresponsive ? 1 : 0;
        _unproved -= wasUnresponsive && candidate.HasReplied ? 1 : 0;
        _passedOver -= candidate.IsPassedOver ? 1 : 0;
        candidate.IsPassedOver = false;
        _paths.End(candidate, state);
        candidate.Credit(isTrue: state == CandidateState.Answered);
        _answered += state == CandidateState.Answered ? 1 : 0;
        _failed += state == CandidateState.Answered ? 0 : 1;
    }
}

internal sealed record LookupPolicy
{
    public static LookupPolicy Default { get; } = new();

    // Whether a contact is known to have its id; others must prove it before they count. Responses carry no id, so without proof
    // a liar could use any number of ids near the target. Null: every contact counts as proved.
    public Func<Contact, bool>? IsProved { get; init; }

    public AddressRangeSet Trusted { get; init; } = AddressRangeSet.Empty;

    /// <summary>The random order in which holders vote: a liar who knew it would place itself first.</summary>
    public uint Draw { get; init; }

    public bool AsksAllHolders { get; init; }

    /// <summary>It asks those that it begins with, and nobody whom they name.</summary>
    public bool AsksSeedsAlone { get; init; }

    /// <summary>
    /// A survey: so many nodes are found instead of k, all that are nearest to the target, for <see cref="Lookup.GetSurvey"/>. Null for a lookup.
    /// </summary>
    public int? Breadth { get; init; }
}
