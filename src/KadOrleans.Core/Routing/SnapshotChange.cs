namespace KadOrleans.Core.Routing;

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
