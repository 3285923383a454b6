namespace KadOrleans.Core.Routing;

/// <summary>A routing table as stored. Buckets are in the order of their ranges.</summary>
internal sealed record RoutingTableState(NodeId OwnId, long Version, IReadOnlyList<SavedBucket> Buckets)
{
    /// <summary>Contacts that were dropped as they did not answer.</summary>
    public IReadOnlyList<SavedContact> Former { get; init; } = [];
}

/// <summary>Contacts come least recently seen first, replacements newest last and without failures.</summary>
internal sealed record SavedBucket(
    BucketRange Range,
    DateTimeOffset LastLookup,
    IReadOnlyList<SavedContact> Contacts,
    IReadOnlyList<SavedContact> Replacements);

internal readonly record struct SavedContact(Contact Contact, DateTimeOffset LastSeen, int Failures)
{
    public DateTimeOffset? FirstSeen { get; init; }
}
