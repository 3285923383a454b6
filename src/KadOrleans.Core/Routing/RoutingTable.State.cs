using KadOrleans.Core.Admission;

namespace KadOrleans.Core.Routing;

/// <content>Saving and restoring.</content>
public sealed partial class RoutingTable
{
    /// <summary>All that is needed to bring the table back.</summary>
    public RoutingTableState Save() => new(
        OwnId,
        Version,
        [.. from bucket in Buckets select Save(bucket)]);

    /// <summary>
    /// Brings a saved table back. Contacts are taken in anew, least recently seen first, so every rule holds even when
    /// the options, the trusted ranges or the bytes on disk have changed. With none of them changed it is the same table.
    /// </summary>
    /// <param name="state">What <see cref="Save()"/> returned.</param>
    /// <param name="options">k, b and the bounds as they are now.</param>
    /// <param name="diversity">An instance without contacts.</param>
    /// <param name="now">No time of the saved state counts as later than this.</param>
    /// <returns>A table whose version is above the saved one.</returns>
    public static RoutingTable Restore(
        RoutingTableState state, KademliaOptions options, SubnetDiversity diversity, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(state);
        var table = new RoutingTable(state.OwnId, options, diversity, now) { Version = state.Version };
        foreach (var saved in state.Buckets)
        {
            table.RestoreRange(saved.Range);
        }

        foreach (var saved in state.Buckets.SelectMany(bucket => bucket.Contacts).OrderBy(saved => saved.LastSeen))
        {
            table.RestoreContact(saved, now);
        }

        foreach (var saved in state.Buckets.SelectMany(bucket => bucket.Replacements).OrderBy(saved => saved.LastSeen))
        {
            table.RestoreReplacement(saved, now);
        }

        foreach (var bucket in table.Buckets)
        {
            bucket.LastLookup = LastLookup(bucket.Range, state, now);
        }

        table._arrivals.Clear();
        table.Version++;
        return table;
    }

    private static SavedBucket Save(KBucket bucket) => new(
        bucket.Range,
        bucket.LastLookup,
        [.. bucket.Entries.Select(entry => new SavedContact(entry.Contact, entry.LastSeen, entry.Failures))],
        [.. bucket.Replacements.Items.Select(item => new SavedContact(item.Contact, item.LastSeen, Failures: 0))]);

    /// <summary>The oldest time among the saved buckets that the range shares ids with.</summary>
    private static DateTimeOffset LastLookup(BucketRange range, RoutingTableState state, DateTimeOffset now)
    {
        var oldest = now;
        foreach (var saved in state.Buckets)
        {
            if (saved.LastLookup < oldest && saved.Range.Overlaps(range))
            {
                oldest = saved.LastLookup;
            }
        }

        return oldest;
    }

    /// <summary>Splits as far as the saved range and the rules go.</summary>
    private void RestoreRange(BucketRange range)
    {
        var bucket = _tree.Find(range.Prefix);
        while (bucket.Range.Depth < range.Depth && _tree.CanSplit(bucket))
        {
            _tree.Split(bucket);
            bucket = _tree.Find(range.Prefix);
        }
    }

    private void RestoreContact(SavedContact saved, DateTimeOffset now)
    {
        if (IsPossible(saved.Contact) && !Contains(saved.Contact.Id) && !Contains(saved.Contact.Endpoint))
        {
            Insert(new BucketEntry(saved.Contact, Earlier(saved.LastSeen, now), saved.Failures));
        }
    }

    private void RestoreReplacement(SavedContact saved, DateTimeOffset now)
    {
        if (IsPossible(saved.Contact) && !Contains(saved.Contact))
        {
            var bucket = _tree.Find(saved.Contact.Id);
            KeepAsReplacement(bucket, new Replacement(saved.Contact, Earlier(saved.LastSeen, now)));
        }
    }

    private bool IsPossible(Contact contact) => contact.Id != OwnId && contact.Endpoint.IsUnicast;

    private static DateTimeOffset Earlier(DateTimeOffset time, DateTimeOffset now) => time < now ? time : now;
}
