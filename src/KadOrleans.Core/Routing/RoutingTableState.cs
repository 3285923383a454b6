namespace KadOrleans.Core.Routing;

/// <summary>All that a <see cref="RoutingTable"/> is made of, for storage.</summary>
/// <param name="OwnId">The id of the node.</param>
/// <param name="Version">The table's version when it was saved.</param>
/// <param name="Buckets">In the order of their ranges.</param>
internal sealed record RoutingTableState(NodeId OwnId, long Version, IReadOnlyList<SavedBucket> Buckets);

/// <summary>A bucket as it is stored.</summary>
/// <param name="Range">Its range.</param>
/// <param name="LastLookup">When a lookup last aimed into it.</param>
/// <param name="Contacts">Least recently seen first.</param>
/// <param name="Replacements">Newest last; their failures are 0.</param>
internal sealed record SavedBucket(
    BucketRange Range,
    DateTimeOffset LastLookup,
    IReadOnlyList<SavedContact> Contacts,
    IReadOnlyList<SavedContact> Replacements);

/// <summary>A contact as it is stored.</summary>
/// <param name="Contact">Id and endpoint.</param>
/// <param name="LastSeen">When it last answered.</param>
/// <param name="Failures">Requests left unanswered since then, 0 or more.</param>
internal readonly record struct SavedContact(Contact Contact, DateTimeOffset LastSeen, int Failures)
{
    /// <summary>When it entered the table; null if that was not noted.</summary>
    public DateTimeOffset? FirstSeen { get; init; }
}
