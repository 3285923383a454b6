namespace KadOrleans.Core.Routing;

/// <summary>All that a <see cref="RoutingTable"/> is made of, for storage. Buckets are in the order of their ranges.</summary>
internal sealed record RoutingTableState(NodeId OwnId, long Version, IReadOnlyList<SavedBucket> Buckets);

/// <summary>A bucket as it is stored: contacts least recently seen first, replacements newest last and without failures.</summary>
internal sealed record SavedBucket(
    BucketRange Range,
    DateTimeOffset LastLookup,
    IReadOnlyList<SavedContact> Contacts,
    IReadOnlyList<SavedContact> Replacements);

/// <summary>A contact as it is stored, with the requests left unanswered since it last answered.</summary>
internal readonly record struct SavedContact(Contact Contact, DateTimeOffset LastSeen, int Failures)
{
    /// <summary>When it entered the table; null if that was not noted.</summary>
    public DateTimeOffset? FirstSeen { get; init; }
}
