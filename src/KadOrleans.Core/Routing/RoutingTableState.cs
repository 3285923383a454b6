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

/// <summary>What a routing table knows of a contact.</summary>
/// <param name="Contact">Id and endpoint.</param>
/// <param name="IsReplacement">Whether it waits for a place (Kademlia §4.1).</param>
/// <param name="FirstSeen">When it entered the table, as far as that was noted; of a replacement as <paramref name="LastSeen"/>.</param>
/// <param name="LastSeen">When it last answered.</param>
/// <param name="Failures">Requests left unanswered since then.</param>
public sealed record KnownContact(
    Contact Contact, bool IsReplacement, DateTimeOffset FirstSeen, DateTimeOffset LastSeen, int Failures)
{
    /// <summary>The observations that drop all of an id: those that wait first, as one would take the place.</summary>
    internal static IEnumerable<ContactObservation> DropsOf(IEnumerable<KnownContact> known) =>
        known.OrderByDescending(one => one.IsReplacement).Select(one => ContactObservation.Dropped(one.Contact));
}
