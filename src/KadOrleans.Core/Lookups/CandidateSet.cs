using System.Runtime.InteropServices;
using KadOrleans.Core.Admission;

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
