using System.Runtime.InteropServices;

namespace KadOrleans.Core;

// The contacts a lookup knows, nearest first, one per endpoint. Bounded: a farther one that was not queried makes room for a
// nearer one, so responses full of strangers cannot grow it. Counts the queried contacts of each network.
internal sealed class CandidateSet(NodeId target, int capacity, AddressRangeSet trusted)
{
    // Claims to an id stand side by side until their endpoints prove them. Without a bound one id could take all places.
    private const int MaxEndpointsPerId = 3;

    private readonly SubnetDiversity _asked = new(new SubnetLimits(), trusted);
    private readonly List<Candidate> _byDistance = [];
    private readonly Dictionary<UdpEndpoint, Candidate> _byEndpoint = [];

    public IReadOnlyList<Candidate> ByDistance => _byDistance;

    public Candidate? Find(UdpEndpoint endpoint) => _byEndpoint.GetValueOrDefault(endpoint);

    // Null if there is no room. An endpoint known under another id gets the new one only if that is nearer and the endpoint was
    // not queried yet. It will prove one of its ids.
    public Candidate? Hear(Contact contact, Candidate? namedBy, bool isProved)
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

        if (!MayClaim(contact.Id, distance) || !MakeRoom(FirstAt(distance)))
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

    /// <summary>A proved id has one endpoint; a claimed one may have few.</summary>
    private bool MayClaim(NodeId id, Distance distance)
    {
        var (first, isTaken) = (FirstAt(distance), false);
        var next = first;
        for (; next < _byDistance.Count && _byDistance[next].Contact.Id == id; next++)
        {
            isTaken |= _byDistance[next] is { IsProved: true, State: not CandidateState.Failed };
        }

        return !isTaken && next - first < MaxEndpointsPerId;
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
