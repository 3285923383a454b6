using KadOrleans.Core.Estimation;
using KadOrleans.Core.Routing;

namespace KadOrleans.Core.Values;

/// <summary>
/// A node's <see cref="ResponsibleArea"/> over time. It is as narrow as both allow: the contacts near the own id, and an estimate of the
/// network's size. Whoever places ids beside the own id moves only the first. It widens at once, and narrows by one bit an hour. A near key
/// that is called far may be lost. A far one that is called near only takes room.
/// </summary>
internal readonly record struct FollowedArea(ResponsibleArea Area, DateTimeOffset? NarrowedAt)
{
    /// <summary>The time between two bits by which it narrows.</summary>
    public static readonly TimeSpan NarrowingInterval = TimeSpan.FromHours(1);

    /// <summary>
    /// How many bits the area may be wider than needed before it is narrowed. Contacts that come and go near a power of
    /// two must not have a store judge all its keys again each time.
    /// </summary>
    private const int Slack = 2;

    /// <summary>The area from now on. Nothing narrows before there is an estimate from lookups.</summary>
    public FollowedArea Next(RoutingTableSnapshot table, NetworkSizeEstimate? size, int bucketSize, DateTimeOffset now)
    {
        var byContacts = ResponsibleArea.Of(table, bucketSize).PrefixLength;
        var current = Area.OwnId == table.OwnId ? Area.PrefixLength : 0;
        if (byContacts < current)
        {
            return this with { Area = new ResponsibleArea(table.OwnId, byContacts) };
        }

        if (size is null)
        {
            return this with { Area = new ResponsibleArea(table.OwnId, current) };
        }

        var needed = Math.Min(byContacts, PrefixFor(size, bucketSize));
        if (needed < current)
        {
            return this with { Area = new ResponsibleArea(table.OwnId, needed) };
        }

        // The first time at once: a store that was just opened should not wait for hours.
        var isFirst = NarrowedAt is null && needed > 0;
        var isDue = NarrowedAt is { } narrowed && needed >= current + Slack && now - narrowed >= NarrowingInterval;
        return isFirst ? new FollowedArea(new ResponsibleArea(table.OwnId, needed), now)
            : isDue ? new FollowedArea(new ResponsibleArea(table.OwnId, current + 1), now)
            : this with { Area = new ResponsibleArea(table.OwnId, current) };
    }

    // As with the contacts: the smallest subtree that has k of so many nodes, and one bit wider. The estimate is taken at its lower end.
    private static int PrefixFor(NetworkSizeEstimate size, int bucketSize)
    {
        var nodes = size.Nodes - (2 * size.StandardError);
        return nodes <= bucketSize ? 0 : Math.Clamp((int)Math.Floor(Math.Log2(nodes / bucketSize)) - 1, 0, NodeId.Length * 8);
    }
}
