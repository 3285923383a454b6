using System.Numerics;

namespace KadOrleans.Core;

// The contacts that a lookup knows, its candidates: nearest first, one per endpoint. Bounded: a farther one that was not queried
// makes room for a nearer one, so responses full of strangers cannot grow it. Counts the queried contacts of each network.
internal sealed class CandidateSet(NodeId target, int capacity, AddressRangeSet trusted)
{
    // Claims to an id stand side by side until their endpoints prove them. Without a bound one id could take all places. Each path
    // has its own, so that a liar's claims keep no true one from another path.
    private const int MaxEndpointsPerId = 3;

    private readonly SubnetDiversity _asked = new(new SubnetLimits(), trusted);
    private readonly List<Candidate> _byDistance = [];
    private readonly Dictionary<UdpEndpoint, Candidate> _byEndpoint = [];

    public IReadOnlyList<Candidate> ByDistance => _byDistance;

    public Candidate? Find(UdpEndpoint endpoint) => _byEndpoint.GetValueOrDefault(endpoint);

    // Null if there is no room. An endpoint known under another id gets the new one only if that is nearer and the endpoint was
    // not queried yet. It will prove one of its ids.
    public Candidate? Hear(Contact contact, Candidate? namedBy, int path, bool isProved)
    {
        var distance = contact.Id.DistanceTo(target);
        if (_byEndpoint.TryGetValue(contact.Endpoint, out var known))
        {
            if (known is { State: CandidateState.Heard, IsProved: false } && distance < known.Distance)
            {
                // The earlier source did not name this id, and is not responsible for it.
                Rename(known, contact.Id);
                known.NameAnew(namedBy);
            }

            if (known.Contact.Id != contact.Id)
            {
                return null;
            }

            known.NameAgain(namedBy);
            return known;
        }

        if (!MayClaim(contact.Id, distance, path) || !MakeRoom(FirstAt(distance)))
        {
            return null;
        }

        var network = _asked.IsExempt(contact.Endpoint) ? (SourceNetwork?)null : SourceNetwork.SubnetOf(contact.Endpoint);
        var hops = (namedBy?.Hops ?? 0) + 1;
        var candidate = new Candidate(contact, distance, network, hops) { NamedBy = namedBy, IsProved = isProved };
        _byDistance.Insert(FirstAt(distance), candidate);
        _byEndpoint.Add(contact.Endpoint, candidate);
        return candidate;
    }

    public void Rename(Candidate candidate, NodeId id)
    {
        _byDistance.Remove(candidate);
        candidate.Rename(id, id.DistanceTo(target));
        _byDistance.Insert(FirstAt(candidate.Distance), candidate);
    }

    public void SetState(Candidate candidate, CandidateState state)
    {
        if (Counts(candidate.State))
        {
            _asked.Remove(candidate.Contact.Endpoint);
        }

        candidate.State = state;
        if (Counts(state))
        {
            _asked.Add(candidate.Contact.Endpoint);
        }
    }

    public bool HasShare(Candidate candidate, int limit) =>
        candidate.Network is null || _asked.CountOf(candidate.Contact.Endpoint) < limit;

    // An unresponsive contact does not keep others of its network from being asked.
    private static bool Counts(CandidateState state) => state is CandidateState.Waiting or CandidateState.Answered;

    /// <summary>A proved id has one endpoint; a claimed one has up to <see cref="MaxEndpointsPerId"/> on each path.</summary>
    private bool MayClaim(NodeId id, Distance distance, int path)
    {
        var (claims, isTaken) = (0, false);
        for (var next = FirstAt(distance); next < _byDistance.Count && _byDistance[next].Contact.Id == id; next++)
        {
            isTaken |= _byDistance[next] is { IsProved: true, State: not CandidateState.Failed };
            claims += _byDistance[next].IsOn(path) ? 1 : 0;
        }

        return !isTaken && claims < MaxEndpointsPerId;
    }

    /// <summary>Evicts one behind the new one's place if the set is full. Queried contacts stay.</summary>
    private bool MakeRoom(int insertion)
    {
        if (_byDistance.Count < capacity)
        {
            return true;
        }

        var evicted = _byDistance.FindLastIndex(c => c.State == CandidateState.Heard);
        if (evicted < insertion)
        {
            return false;
        }

        _byEndpoint.Remove(_byDistance[evicted].Contact.Endpoint);
        _byDistance.RemoveAt(evicted);
        return true;
    }

    private int FirstAt(Distance distance) => ~CollectionsMarshal.AsSpan(_byDistance).BinarySearch(new FirstSearch(distance));

    // Finds nothing, but the place before all that are as far.
    private readonly struct FirstSearch(Distance distance) : IComparable<Candidate>
    {
        private readonly Distance _distance = distance;

        public int CompareTo(Candidate? other) => _distance > other!.Distance ? 1 : -1;
    }
}

internal sealed class Candidate(Contact contact, Distance distance, SourceNetwork? network, int hops)
{
    private Candidate? _otherNamer;
    private bool _hasOtherNamer;

    public Contact Contact { get; private set; } = contact;

    public Distance Distance { get; private set; } = distance;

    /// <summary>The /24 or /48 it counts against; null if exempt.</summary>
    public SourceNetwork? Network { get; } = network;

    /// <summary>Responses that led here: 1 for a contact of our own table.</summary>
    public int Hops { get; } = hops;

    public CandidateState State { get; set; }

    public uint Paths { get; set; }

    public int AskedBy { get; set; }

    /// <summary>The most truthful contact that named it; null for our own table.</summary>
    public Candidate? NamedBy { get; set; }

    public bool IsProved { get; set; }

    public bool IsProofUnresponsive { get; set; }

    /// <summary>It counts once its id is proved as well.</summary>
    public bool HasReplied { get; set; }

    public DhtValue Value { get; set; }

    public TimeSpan? Life { get; set; }

    /// <summary>Invented or unresponsive contacts that it named, less those that answered.</summary>
    public int Misled { get; private set; }

    public bool IsPending => State is CandidateState.Waiting or CandidateState.Unresponsive;

    public bool IsHolder => State == CandidateState.Answered && Value.Kind != DhtValueKind.None;

    public bool IsOn(int path) => (Paths & (1u << path)) != 0;

    /// <summary>Our own table, null, is believed before all others.</summary>
    public void NameAgain(Candidate? namer)
    {
        if (NamedBy is not null && (namer is null || namer.Misled < NamedBy.Misled))
        {
            NamedBy = namer;
        }
    }

    // A contact named its endpoint under another id, and alone counts as its source. The earlier one counts for the endpoint.
    public void NameAnew(Candidate? namer)
    {
        if (!_hasOtherNamer || MisledBy(NamedBy) < MisledBy(_otherNamer))
        {
            _otherNamer = NamedBy;
        }

        (NamedBy, _hasOtherNamer) = (namer, true);
    }

    public bool IsDoubtful(int misled) => MisledBy(NamedBy) >= misled && (!_hasOtherNamer || MisledBy(_otherNamer) >= misled);

    public void Credit(bool isTrue) => NamedBy?.Misled += isTrue ? -1 : 1;

    public void Rename(NodeId id, Distance distance) => (Contact, Distance) = (Contact with { Id = id }, distance);

    private static int MisledBy(Candidate? namer) => namer?.Misled ?? int.MinValue;
}

internal enum CandidateState
{
    Heard,
    Waiting,
    /// <summary>Its retry timeout is over. Others are queried in its place; its response still counts.</summary>
    Unresponsive,
    Answered,
    Failed,
}

// The disjoint paths of a lookup (S/Kademlia §4.4). A path continues with the contacts named by those that it queried. No two
// paths query one contact, so a liar leads only its own path astray.
internal sealed class LookupPaths(CandidateSet candidates, int count, int bucketSize, int maxRequests)
{
    /// <summary>The most contacts of a network (/24 or /48) that are queried and returned.</summary>
    public const int PerNetwork = 1;

    public const int PerNetworkWhenFew = 2;

    // Invented or unresponsive contacts that a response may name before its others are ignored. An honest node names some that
    // have left. A liar can name any number, and each costs a request.
    private const int MaxMisled = 3;

    private readonly Dictionary<(int Path, SourceNetwork Network), int> _unresponsive = [];
    private readonly int[] _asked = new int[count];
    private readonly int[] _waiting = new int[count];
    private readonly int _maxPerPath = maxRequests / count;

    public int Count => count;

    /// <summary>Without requests to unresponsive contacts.</summary>
    public int Waiting => _waiting.Sum();

    public bool IsCutOff =>
        Enumerable.Range(0, count).Any(path => _asked[path] >= _maxPerPath && Nearest(path, PerNetworkWhenFew) is not null);

    public void Begin(Candidate candidate, int path)
    {
        candidate.AskedBy = path;
        candidates.SetState(candidate, CandidateState.Waiting);
        _asked[path]++;
        _waiting[path]++;
    }

    public void End(Candidate candidate, CandidateState state)
    {
        if (candidate.State == CandidateState.Waiting)
        {
            _waiting[candidate.AskedBy]--;
        }

        if (candidate is { Network: { } network, State: CandidateState.Waiting } && state != CandidateState.Answered)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_unresponsive, (candidate.AskedBy, network), out _)++;
        }

        candidates.SetState(candidate, state);
    }

    public (Candidate? Candidate, int Path) Next()
    {
        var next = Next(PerNetwork);
        return next.Candidate is null && Waiting == 0 && IsShort() ? Next(PerNetworkWhenFew) : next;
    }

    /// <summary>The next contact to query for a vote: one of k, an equal share from each path.</summary>
    public (Candidate? Candidate, int Path) NextVoter(uint draw)
    {
        Candidate? chosen = null;
        foreach (var voter in ClosestContacts.InTurns(candidates.ByDistance.Where(IsOfUse), count).Take(bucketSize))
        {
            if (voter.State == CandidateState.Heard
                && MayAsk(voter, BitOperations.TrailingZeroCount(voter.Paths), PerNetwork)
                && (chosen is null || Order(voter, draw) < Order(chosen, draw)))
            {
                chosen = voter;
            }
        }

        return (chosen, chosen is null ? 0 : BitOperations.TrailingZeroCount(chosen.Paths));
    }

    private static bool IsOfUse(Candidate candidate) => candidate.State is not (CandidateState.Failed or CandidateState.Unresponsive);

    private (Candidate? Candidate, int Path) Next(int perNetwork)
    {
        Candidate? chosen = null;
        var by = 0;
        for (var path = 0; path < count; path++)
        {
            if (_asked[path] < _maxPerPath
                && (chosen is null || _waiting[path] < _waiting[by])
                && (Nearest(path, perNetwork) ?? Borrow(path, perNetwork)) is { } candidate)
            {
                (chosen, by) = (candidate, path);
            }
        }

        return (chosen, by);
    }

    /// <summary>Whether so few have answered that two of one network are better than none.</summary>
    private bool IsShort() => candidates.ByDistance.Count(candidate => candidate.State == CandidateState.Answered) < bucketSize;

    /// <summary>The nearest unqueried contact among a path's k nearest that are not unresponsive.</summary>
    private Candidate? Nearest(int path, int perNetwork)
    {
        var window = bucketSize;
        foreach (var candidate in candidates.ByDistance)
        {
            if (!candidate.IsOn(path) || !IsOfUse(candidate))
            {
                continue;
            }

            if (candidate.State == CandidateState.Heard && MayAsk(candidate, path, perNetwork))
            {
                return candidate;
            }

            if (candidate.State != CandidateState.Heard && --window == 0)
            {
                break;
            }
        }

        return null;
    }

    /// <summary>A path whose contacts have all failed goes on from one of the table that no path has queried.</summary>
    private Candidate? Borrow(int path, int perNetwork) =>
        candidates.ByDistance.Any(c => c.IsOn(path) && c.State is not (CandidateState.Failed or CandidateState.Heard))
            ? null
            : candidates.ByDistance.FirstOrDefault(
                c => c is { State: CandidateState.Heard, Hops: 1 } && MayAsk(c, path, perNetwork));

    // Unresponsive contacts of a network count against the path that queried them. A liar who names one host under many ports has
    // it queried once, and cannot keep other paths from an honest contact beside it.
    private bool MayAsk(Candidate candidate, int path, int perNetwork) =>
        candidates.HasShare(candidate, perNetwork)
        && !(candidate.Network is { } network && _unresponsive.GetValueOrDefault((path, network)) >= perNetwork)
        && !(candidate.IsDoubtful(MaxMisled) && BitOperations.PopCount(candidate.Paths) == 1);

    // The endpoint is what a liar cannot choose freely.
    private static uint Order(Candidate candidate, uint draw)
    {
        var endpoint = candidate.Contact.Endpoint;
        var mixed = (endpoint.AddressHigh ^ BitOperations.RotateLeft(endpoint.AddressLow, 23) ^ endpoint.Port ^ draw)
            * 0x9E3779B97F4A7C15;
        mixed ^= mixed >> 29;
        mixed *= 0xBF58476D1CE4E5B9;
        return (uint)(mixed >> 32);
    }
}

internal static class ClosestContacts
{
    // The k nearest, at most one of a network (two if others are too few), nearest first. If one path alone knows most of them,
    // it may have been led astray: then every path has an equal share of the places.
    public static IReadOnlyList<Candidate> Choose(IReadOnlyList<Candidate> byDistance, int paths, int bucketSize)
    {
        var nearest = TakeDiverse(byDistance, bucketSize);
        var alone = nearest.Where(c => BitOperations.PopCount(c.Paths) == 1).CountBy(c => c.Paths);
        return alone.Any(path => path.Value * 2 > nearest.Count) && byDistance.Any(c => c.AskedBy != byDistance[0].AskedBy)
            ? TakeDiverse([.. InTurns(byDistance, paths)], bucketSize)
            : nearest;
    }

    public static IEnumerable<Candidate> InTurns(IEnumerable<Candidate> byDistance, int paths)
    {
        var queues = Enumerable.Range(0, paths).Select(p => new Queue<Candidate>(byDistance.Where(c => c.IsOn(p)))).ToList();
        var taken = new HashSet<Candidate>();
        while (queues.Exists(queue => queue.Count > 0))
        {
            foreach (var queue in queues)
            {
                while (queue.TryDequeue(out var candidate))
                {
                    if (taken.Add(candidate))
                    {
                        yield return candidate;
                        break;
                    }
                }
            }
        }
    }

    private static List<Candidate> TakeDiverse(IReadOnlyList<Candidate> inOrder, int count)
    {
        var taken = TakeDiverse(inOrder, count, LookupPaths.PerNetwork);
        taken = taken.Count < count ? TakeDiverse(inOrder, count, LookupPaths.PerNetworkWhenFew) : taken;
        taken.Sort((left, right) => left.Distance.CompareTo(right.Distance));
        return taken;
    }

    private static List<Candidate> TakeDiverse(IReadOnlyList<Candidate> inOrder, int count, int perNetwork)
    {
        var taken = new List<Candidate>();
        foreach (var candidate in inOrder)
        {
            if (taken.Count < count
                && (candidate.Network is null || taken.Count(c => c.Network == candidate.Network) < perNetwork))
            {
                taken.Add(candidate);
            }
        }

        return taken;
    }
}
