namespace KadOrleans.Core.Routing;

/// <summary>What a routing table knows of a contact.</summary>
/// <param name="Contact">Id and endpoint.</param>
/// <param name="IsReplacement">Whether it waits for a place (Kademlia §4.1).</param>
/// <param name="FirstSeen">When it entered the table, as far as that was noted; of a replacement <paramref name="LastSeen"/>.</param>
/// <param name="LastSeen">When it last answered.</param>
/// <param name="Failures">Failed requests since then; those within five seconds count as one.</param>
public sealed record KnownContact(
    Contact Contact, bool IsReplacement, DateTimeOffset FirstSeen, DateTimeOffset LastSeen, int Failures)
{
    /// <summary>Whether the table dropped it as it did not answer. It is asked again at times, and forgotten after 30 days.</summary>
    public bool IsFormer { get; init; }

    /// <summary>Replacements come first, as one would take the place.</summary>
    internal static IEnumerable<ContactObservation> DropsOf(IEnumerable<KnownContact> known) =>
        known.OrderByDescending(one => one.IsReplacement).Select(one => ContactObservation.Dropped(one.Contact));
}
