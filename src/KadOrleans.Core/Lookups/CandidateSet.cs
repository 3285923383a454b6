namespace KadOrleans.Core.Lookups;

/// <summary>
/// The contacts a lookup knows, nearest to its target first. Bounded: a farther contact that was not asked makes
/// room for a nearer one, so answers full of strangers cannot grow it.
/// </summary>
internal sealed class CandidateSet(NodeId target, int capacity)
{
    private readonly List<Candidate> _byDistance = [];

    public IReadOnlyList<Candidate> ByDistance => _byDistance;

    public Candidate? Find(NodeId id)
    {
        var index = IndexOf(id.DistanceTo(target));
        return index >= 0 ? _byDistance[index] : null;
    }

    /// <summary>Takes a contact that is new by id and by endpoint, or that failed under another address.</summary>
    public void Add(Contact contact, int hops)
    {
        var distance = contact.Id.DistanceTo(target);
        var index = IndexOf(distance);
        if (index >= 0)
        {
            Readdress(_byDistance[index], contact.Endpoint);
            return;
        }

        if (IsKnown(contact.Endpoint) || !MakeRoom(~index))
        {
            return;
        }

        _byDistance.Insert(~index, new Candidate(contact, distance, hops));
    }

    private void Readdress(Candidate known, UdpEndpoint endpoint)
    {
        if (known.State == CandidateState.Failed && !IsKnown(endpoint))
        {
            known.Readdress(endpoint);
        }
    }

    // Many ids at one address would turn the lookup into a flood of that address.
    private bool IsKnown(UdpEndpoint endpoint)
    {
        foreach (var candidate in _byDistance)
        {
            if (candidate.Contact.Endpoint == endpoint)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Drops an entry behind the newcomer's place, if the set is full. Those that were asked stay.</summary>
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

        _byDistance.RemoveAt(evicted);
        return true;
    }

    private int IndexOf(Distance distance)
    {
        var low = 0;
        var high = _byDistance.Count - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var order = _byDistance[middle].Distance.CompareTo(distance);
            if (order == 0)
            {
                return middle;
            }

            if (order < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return ~low;
    }
}
