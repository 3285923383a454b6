namespace KadOrleans.Lab;

/// <summary>A saved routing table: what <see cref="RoutingTable.Save()"/> returns, at 9 bytes a contact.</summary>
internal sealed class FrozenTable
{
    private readonly NodeId _ownId;
    private readonly FrozenBucket[] _buckets;
    private readonly FrozenContact[] _contacts;
    private readonly int[] _byId;

    // Shared with the snapshot it was taken from.
    private readonly IReadOnlyList<BucketRoom> _rooms;

    public FrozenTable(RoutingTableState state, IReadOnlyList<BucketRoom> rooms, ContactIndex index)
    {
        (_ownId, Version, _rooms) = (state.OwnId, state.Version, rooms);
        _byId = [.. state.Buckets.SelectMany(b => b.Contacts).Select(saved => saved.Contact).OrderBy(contact => contact.Id).Select(index.NumberOf)];
        _buckets = [.. state.Buckets.Select(b => new FrozenBucket(b.Range, b.LastLookup, b.Contacts.Count, b.Replacements.Count))];
        _contacts =
        [
            .. from bucket in state.Buckets
               from saved in bucket.Contacts.Concat(bucket.Replacements)
               select new FrozenContact(index.NumberOf(saved.Contact), Pack(saved.LastSeen), (byte)saved.Failures),
        ];
    }

    public long Version { get; }

    public RoutingTableSnapshot TakeSnapshot(ContactIndex index) =>
        new(_ownId, Version, Array.ConvertAll(_byId, number => index[number]), _rooms);

    public RoutingTableState Thaw(ContactIndex index)
    {
        var at = 0;
        return new RoutingTableState(_ownId, Version, Array.ConvertAll(_buckets, bucket => new SavedBucket(
            bucket.Range, bucket.LastLookup, Next(bucket.Contacts), Next(bucket.Replacements))));

        SavedContact[] Next(int count)
        {
            at += count;
            return Array.ConvertAll(
                _contacts[(at - count)..at],
                frozen => new SavedContact(index[frozen.Number], Unpack(frozen.LastSeen), frozen.Failures));
        }
    }

    // Milliseconds are finer than anything the table decides by; an int of them spans 24 days either side of the epoch.
    private static int Pack(DateTimeOffset time) =>
        (int)Math.Clamp((time - ManualTimeProvider.Epoch).TotalMilliseconds, int.MinValue, int.MaxValue);

    private static DateTimeOffset Unpack(int packed) => ManualTimeProvider.Epoch.AddMilliseconds(packed);

    private readonly record struct FrozenBucket(BucketRange Range, DateTimeOffset LastLookup, int Contacts, int Replacements);

    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Sequential, Pack = 1)]
    private readonly record struct FrozenContact(int Number, int LastSeen, byte Failures);
}

/// <summary>Numbers for contacts: a hundred thousand tables hold a number where one table holds a contact.</summary>
internal sealed class ContactIndex
{
    private readonly List<Contact> _contacts = [];
    private readonly Dictionary<Contact, int> _numbers = [];

    public Contact this[int number] => _contacts[number];

    public int NumberOf(Contact contact)
    {
        if (!_numbers.TryGetValue(contact, out var number))
        {
            number = _contacts.Count;
            _contacts.Add(contact);
            _numbers.Add(contact, number);
        }

        return number;
    }
}
