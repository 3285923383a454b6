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
