namespace KadOrleans.Core.Routing;

/// <summary>A routing table as stored. Buckets are in the order of their ranges.</summary>
internal sealed record RoutingTableState(NodeId OwnId, long Version, IReadOnlyList<SavedBucket> Buckets);

/// <summary>Contacts come least recently seen first, replacements newest last and without failures.</summary>
internal sealed record SavedBucket(
    BucketRange Range,
    DateTimeOffset LastLookup,
    IReadOnlyList<SavedContact> Contacts,
    IReadOnlyList<SavedContact> Replacements);

internal readonly record struct SavedContact(Contact Contact, DateTimeOffset LastSeen, int Failures)
{
    /// <summary>Null if it was not noted.</summary>
    public DateTimeOffset? FirstSeen { get; init; }
}

/// <summary>What a routing table knows of a contact.</summary>
/// <param name="Contact">Id and endpoint.</param>
/// <param name="IsReplacement">Whether it waits for a place (Kademlia §4.1).</param>
/// <param name="FirstSeen">When it entered the table, as far as that was noted; of a replacement as <paramref name="LastSeen"/>.</param>
/// <param name="LastSeen">When it last answered.</param>
/// <param name="Failures">Requests left unanswered since then.</param>
public sealed record KnownContact(
    Contact Contact, bool IsReplacement, DateTimeOffset FirstSeen, DateTimeOffset LastSeen, int Failures)
{
    /// <summary>Replacements come first, as one would take the place.</summary>
    internal static IEnumerable<ContactObservation> DropsOf(IEnumerable<KnownContact> known) =>
        known.OrderByDescending(one => one.IsReplacement).Select(one => ContactObservation.Dropped(one.Contact));
}
