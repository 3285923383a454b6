namespace KadOrleans.Core.Routing;

// Finds the closest of contacts sorted by id. Those that share a prefix lie together, and the half that agrees with the
// target's next bit is nearer as a whole.
internal ref struct ClosestWalk(ReadOnlySpan<Contact> contacts, NodeId target, Span<Contact> destination)
{
    // Below this, sorting the few is cheaper than halving further.
    private const int SmallRange = 4;

    private readonly ReadOnlySpan<Contact> _contacts = contacts;
    private readonly Span<Contact> _destination = destination;
    private readonly NodeId _target = target;
    private int _found;

    /// <summary>Leaves out what is of no use to a node at this endpoint.</summary>
    public UdpEndpoint? Asker { get; init; }

    public int Run()
    {
        _found = 0;
        Visit(0, _contacts.Length);
        return _found;
    }

    private void Visit(int start, int end)
    {
        if (start >= end || _found == _destination.Length)
        {
            return;
        }

        if (end - start <= SmallRange)
        {
            SortIn(start, end);
            return;
        }

        // The first and last differ most, so all between share their prefix, and each half has someone.
        var bit = _contacts[start].Id.CommonPrefixLength(_contacts[end - 1].Id);
        var middle = FirstWithBit(bit, start, end);
        if (_target.GetBit(bit))
        {
            Visit(middle, end);
            Visit(start, middle);
        }
        else
        {
            Visit(start, middle);
            Visit(middle, end);
        }
    }

    private readonly int FirstWithBit(int bit, int start, int end)
    {
        while (start < end)
        {
            var middle = start + ((end - start) / 2);
            if (_contacts[middle].Id.GetBit(bit))
            {
                end = middle;
            }
            else
            {
                start = middle + 1;
            }
        }

        return start;
    }

    /// <summary>Inserts a range behind what was found so far, all of which is nearer, keeping the nearest that fit.</summary>
    private void SortIn(int start, int end)
    {
        var floor = _found;
        for (var i = start; i < end; i++)
        {
            var contact = _contacts[i];
            if (Asker is { } asker && IsOfNoUse(contact, asker))
            {
                continue;
            }

            SortIn(contact, floor);
        }
    }

    // Itself, the target, IPv6 to a node that can only send to IPv4, and what is more local than the asker.
    private readonly bool IsOfNoUse(Contact contact, UdpEndpoint asker) =>
        contact.Endpoint == asker
        || contact.Id == _target
        || (asker.IsIPv4 && !contact.Endpoint.IsIPv4)
        || !AddressScope.Allows(asker, contact.Endpoint);

    private void SortIn(Contact contact, int floor)
    {
        var distance = contact.Id.DistanceTo(_target);
        var position = _found;
        while (position > floor && _destination[position - 1].Id.DistanceTo(_target) > distance)
        {
            position--;
        }

        if (position == _destination.Length)
        {
            return;
        }

        _found = Math.Min(_found + 1, _destination.Length);
        _destination[position..(_found - 1)].CopyTo(_destination[(position + 1)..]);
        _destination[position] = contact;
    }
}

/// <summary>Looks for an id in what is sorted by ids or by prefixes, without allocating.</summary>
internal readonly struct IdSearch(NodeId id) : IComparable<Contact>, IComparable<KBucket>, IComparable<BucketRoom>
{
    private readonly NodeId _id = id;

    public int CompareTo(Contact other) => _id.CompareTo(other.Id);

    public int CompareTo(KBucket? other) => _id.CompareTo(other!.Range.Prefix);

    public int CompareTo(BucketRoom other) => _id.CompareTo(other.Range.Prefix);
}
