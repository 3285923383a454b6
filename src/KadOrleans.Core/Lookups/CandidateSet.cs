using System.Runtime.InteropServices;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;

namespace KadOrleans.Core.Lookups;

/// <summary>
/// The contacts a lookup knows, nearest to its target first, one per endpoint. Bounded: a farther contact that was not asked makes room for
/// a nearer one, so responses full of strangers cannot grow it. Counts how many contacts of one network were asked.
/// </summary>
internal sealed class CandidateSet(NodeId target, int capacity, AddressRangeSet trusted)
{
    /// <summary>
    /// Endpoints kept for one id. Several claims to an id stand side by side until their endpoints prove them; without a
    /// bound, one id could take all places.
    /// </summary>
    private const int MaxEndpointsPerId = 3;

    private readonly SubnetDiversity _asked = new(new SubnetLimits(), trusted);
    private readonly List<Candidate> _byDistance = [];
    private readonly Dictionary<UdpEndpoint, Candidate> _byEndpoint = [];

    public IReadOnlyList<Candidate> ByDistance => _byDistance;

    public Candidate? Find(UdpEndpoint endpoint) => _byEndpoint.GetValueOrDefault(endpoint);

    /// <summary>
    /// The candidate for a contact that was heard of; null if there is no room for it. An endpoint that is known under another id gets the
    /// new one only if that is nearer and the endpoint was not queried yet. The endpoint will prove one of its ids.
    /// </summary>
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
        var candidate = new Candidate(contact, distance, network, (namedBy?.Hops ?? 0) + 1)
        {
            NamedBy = namedBy,
            IsProved = isProved,
        };
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
        var counted = Counts(candidate.State);
        candidate.State = state;
        if (counted && !Counts(state))
        {
            _asked.Remove(candidate.Contact.Endpoint);
        }
        else if (!counted && Counts(state))
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
        var claims = 0;
        for (var i = FirstAt(distance); i < _byDistance.Count && _byDistance[i].Contact.Id == id; i++)
        {
            if (_byDistance[i] is { IsProved: true, State: not CandidateState.Failed })
            {
                return false;
            }

            claims++;
        }

        return claims < MaxEndpointsPerId;
    }

    /// <summary>Drops an entry after the new one's place, if the set is full. Contacts that were queried stay.</summary>
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
    // The most truthful of those that named its endpoint under another id.
    private Candidate? _otherNamer;
    private bool _hasOtherNamer;

    public Contact Contact { get; private set; } = contact;

    public Distance Distance { get; private set; } = distance;

    /// <summary>The /24 or /48 it counts against; null for an address that counts against none.</summary>
    public SourceNetwork? Network { get; } = network;

    /// <summary>How many answers led here: 1 for a contact of our own table.</summary>
    public int Hops { get; } = hops;

    public CandidateState State { get; set; }

    /// <summary>The paths that know it, as bits.</summary>
    public uint Paths { get; set; }

    public int AskedBy { get; set; }

    /// <summary>The contact that named it, the most truthful one of several; null for a contact of our own table.</summary>
    public Candidate? NamedBy { get; set; }

    public bool IsProved { get; set; }

    /// <summary>Whether the usual time to tell its id is over.</summary>
    public bool IsProofUnresponsive { get; set; }

    /// <summary>Whether it answered the lookup's query; it counts once its id is proved as well.</summary>
    public bool HasReplied { get; set; }

    /// <summary>The value it answered with; of kind None if it had none.</summary>
    public DhtValue Value { get; set; }

    /// <summary>How long the value has yet to live there, if the contact said so.</summary>
    public TimeSpan? Life { get; set; }

    /// <summary>Contacts that it named and that are invented or unresponsive, less those that answered.</summary>
    public int Misled { get; private set; }

    public bool IsPending => State is CandidateState.Waiting or CandidateState.Unresponsive;

    public bool IsHolder => State == CandidateState.Answered && Value.Kind != DhtValueKind.None;

    public bool IsOn(int path) => (Paths & (1u << path)) != 0;

    /// <summary>Somebody named it again; null for our own table, which is believed before all others.</summary>
    public void NameAgain(Candidate? namer)
    {
        if (NamedBy is not null && (namer is null || namer.Misled < NamedBy.Misled))
        {
            NamedBy = namer;
        }
    }

    /// <summary>
    /// A contact named its endpoint under another id, and alone counts as that id's source. The earlier source still counts for the
    /// endpoint.
    /// </summary>
    public void NameAnew(Candidate? namer)
    {
        if (!_hasOtherNamer || MisledBy(NamedBy) < MisledBy(_otherNamer))
        {
            _otherNamer = NamedBy;
        }

        (NamedBy, _hasOtherNamer) = (namer, true);
    }

    /// <summary>Whether all that named it have named too many invented or unresponsive contacts.</summary>
    public bool IsDoubtful(int misled) => MisledBy(NamedBy) >= misled && (!_hasOtherNamer || MisledBy(_otherNamer) >= misled);

    /// <summary>The contacts that named this one were right, or not.</summary>
    public void Credit(bool isTrue)
    {
        if (NamedBy is { } namer)
        {
            namer.Misled += isTrue ? -1 : 1;
        }
    }

    public void Rename(NodeId id, Distance distance)
    {
        Contact = Contact with { Id = id };
        Distance = distance;
    }

    // Our own table is believed before all others.
    private static int MisledBy(Candidate? namer) => namer?.Misled ?? int.MinValue;
}

internal enum CandidateState
{
    Heard,

    Waiting,

    /// <summary>Asked, and its retry timeout is over. Others are asked in its place; its response still counts.</summary>
    Unresponsive,

    Answered,

    Failed,
}
