namespace KadOrleans.Core.Routing;

/// <summary>
/// The contacts of a table at one moment, for any number of readers at once. It is plain data (id, version, contacts, room per range), so a
/// table can be read in another process.
/// </summary>
public sealed class RoutingTableSnapshot
{
    private readonly Contact[] _contacts;
    private readonly BucketRoom[] _rooms;

    /// <summary>A snapshot of the given data.</summary>
    /// <param name="ownId">The id of the node whose table it is.</param>
    /// <param name="version">The version of the table.</param>
    /// <param name="contacts">In any order; no id twice, and not the own one.</param>
    /// <param name="rooms">The table's buckets, in any order. Without any, every new contact has room.</param>
    /// <exception cref="ArgumentException">An id comes twice.</exception>
    public RoutingTableSnapshot(
        NodeId ownId, long version, IReadOnlyCollection<Contact> contacts, IReadOnlyCollection<BucketRoom>? rooms = null)
    {
        ArgumentNullException.ThrowIfNull(contacts);
        OwnId = ownId;
        Version = version;
        _contacts = [.. contacts];
        if (FindDisorder() > 0)
        {
            Array.Sort(_contacts, static (left, right) => left.Id.CompareTo(right.Id));
        }

        if (FindDisorder() is > 0 and var index)
        {
            throw new ArgumentException($"The id {_contacts[index].Id} comes twice.", nameof(contacts));
        }

        _rooms = [.. rooms ?? []];
        Array.Sort(_rooms, static (left, right) => left.Range.Prefix.CompareTo(right.Range.Prefix));
    }

    private RoutingTableSnapshot(NodeId ownId, long version, Contact[] contacts, BucketRoom[] rooms) =>
        (OwnId, Version, _contacts, _rooms) = (ownId, version, contacts, rooms);

    /// <summary>The id of the node whose table it is; never among the contacts.</summary>
    public NodeId OwnId { get; }

    /// <summary>The version of the table it was taken from.</summary>
    public long Version { get; }

    /// <summary>How many contacts there are.</summary>
    public int Count => _contacts.Length;

    /// <summary>The contacts by ascending id.</summary>
    public IReadOnlyList<Contact> Contacts => field ??= Array.AsReadOnly(_contacts);

    /// <summary>The table's buckets by ascending range: what <see cref="WouldAccept"/> goes by.</summary>
    public IReadOnlyList<BucketRoom> Rooms => field ??= Array.AsReadOnly(_rooms);

    /// <summary>A snapshot without contacts.</summary>
    public static RoutingTableSnapshot Empty(NodeId ownId) => new(ownId, 0, []);

    internal static RoutingTableSnapshot OfSorted(NodeId ownId, long version, Contact[] contacts, BucketRoom[] rooms) =>
        new(ownId, version, contacts, rooms);

    /// <summary>
    /// The contacts nearest to <paramref name="target"/>, nearest first, one with that very id included: where a lookup
    /// starts. Exact, and without allocating.
    /// </summary>
    /// <param name="target">The id they are compared with.</param>
    /// <param name="destination">Filled as far as there are contacts; its length is the k.</param>
    /// <returns>How many were written.</returns>
    public int FindClosest(NodeId target, Span<Contact> destination) => new ClosestWalk(_contacts, target, destination).Run();

    /// <summary>
    /// The contacts nearest to <paramref name="target"/> for a response to another node. The asker's own endpoint and the contact whose id
    /// is the target are left out, as the network's nodes do. So are IPv6 contacts if the asker has an IPv4 address. So are loopback,
    /// link-local, private and special-purpose ones that are more local than the asker. Exact, and without allocating.
    /// </summary>
    /// <inheritdoc cref="FindClosest(NodeId, Span{Contact})"/>
    /// <param name="target">The id they are compared with.</param>
    /// <param name="destination">Filled as far as there are contacts; its length is the k.</param>
    /// <param name="excludedEndpoint">The asker's.</param>
    public int FindClosest(NodeId target, Span<Contact> destination, UdpEndpoint excludedEndpoint) =>
        new ClosestWalk(_contacts, target, destination) { Asker = excludedEndpoint }.Run();

    /// <summary>The contact with this id.</summary>
    public bool TryGet(NodeId id, out Contact contact)
    {
        var index = MemoryExtensions.BinarySearch(_contacts, new IdSearch(id));
        contact = index < 0 ? default : _contacts[index];
        return index >= 0;
    }

    /// <summary>Whether the table has this contact: the id with this very endpoint.</summary>
    public bool Contains(Contact contact) => TryGet(contact.Id, out var known) && known == contact;

    // The index of a contact whose id is not above the one before it; 0 if there is none.
    private int FindDisorder()
    {
        var index = _contacts.Length - 1;
        while (index > 0 && _contacts[index].Id > _contacts[index - 1].Id)
        {
            index--;
        }

        return Math.Max(index, 0);
    }

    /// <summary>
    /// Whether a new contact with this id could get a place or wait for one. Its bucket has room, can be split, or has fewer than k
    /// replacements. False for our own id.
    /// </summary>
    public bool WouldAccept(NodeId id)
    {
        // An id outside all given ranges is no known full bucket's.
        var index = MemoryExtensions.BinarySearch(_rooms, new IdSearch(id));
        index = index < 0 ? ~index - 1 : index;
        return id != OwnId && (index < 0 || _rooms[index].HasRoom || !_rooms[index].Range.Contains(id));
    }
}

// The difference between two snapshots, for a reader of the older one. A contact with another endpoint counts as added.
internal sealed record SnapshotChange(
    NodeId OwnId, long From, long To, IReadOnlyList<NodeId> Removed, IReadOnlyList<Contact> Added, IReadOnlyList<BucketRoom> Rooms)
{
    /// <summary>A smaller snapshot, of 3 KB, is sent whole.</summary>
    public const int MinContacts = 64;

    public const int Divisor = 4;

    /// <summary>Null if the newer snapshot is to be sent whole.</summary>
    public static SnapshotChange? Of(RoutingTableSnapshot older, RoutingTableSnapshot newer)
    {
        if (newer.OwnId != older.OwnId || newer.Count < MinContacts || newer.Rooms.Count < older.Rooms.Count)
        {
            return null;
        }

        var rooms = newer.Rooms.Except(older.Rooms).ToList();
        var removed = older.Contacts.Select(contact => contact.Id).Except(newer.Contacts.Select(contact => contact.Id)).ToList();
        var added = newer.Contacts.Except(older.Contacts).ToList();

        // Buckets are split and never joined. So each prefix of before is there still.
        return removed.Count + added.Count + rooms.Count <= newer.Count / Divisor
            ? new SnapshotChange(newer.OwnId, older.Version, newer.Version, removed, added, rooms)
            : null;
    }

    /// <summary>Null if this is no difference to the older snapshot.</summary>
    public RoutingTableSnapshot? ApplyTo(RoutingTableSnapshot older)
    {
        if (older.OwnId != OwnId || older.Version != From)
        {
            return null;
        }

        HashSet<NodeId> replaced = [.. Removed, .. Added.Select(contact => contact.Id)];
        HashSet<NodeId> prefixes = [.. Rooms.Select(room => room.Range.Prefix)];
        return new RoutingTableSnapshot(
            OwnId,
            To,
            [.. older.Contacts.Where(contact => !replaced.Contains(contact.Id)), .. Added],
            [.. older.Rooms.Where(room => !prefixes.Contains(room.Range.Prefix)), .. Rooms]);
    }
}

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
