namespace KadOrleans.Core.Routing;

/// <summary>
/// The contacts of a table at one moment, for any number of readers at once. It is plain data (id, version, contacts, room per range), so a
/// table can be read in another process.
/// </summary>
public sealed class RoutingTableSnapshot
{
    private readonly Contact[] _contacts;
    private readonly BucketRoom[] _rooms;

    // Of the first that asks; two may make it at once.
    private HashSet<UdpEndpoint>? _endpoints;

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

    /// <summary>Whether the table has a contact at this endpoint, under any id.</summary>
    internal bool Contains(UdpEndpoint endpoint) => (_endpoints ??= [.. _contacts.Select(contact => contact.Endpoint)]).Contains(endpoint);

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
    public bool WouldAccept(NodeId id) => id != OwnId && RoomOf(id) is not { HasRoom: false };

    /// <summary>Whether the bucket of a new contact with this id has room or can be split, so that it need not wait. False for our own id.</summary>
    internal bool HasPlaceFor(NodeId id) => id != OwnId && RoomOf(id) is not { IsFull: true };

    // Null of an id outside all given ranges.
    private BucketRoom? RoomOf(NodeId id)
    {
        var index = MemoryExtensions.BinarySearch(_rooms, new IdSearch(id));
        index = index < 0 ? ~index - 1 : index;
        return index >= 0 && _rooms[index].Range.Contains(id) ? _rooms[index] : null;
    }
}
