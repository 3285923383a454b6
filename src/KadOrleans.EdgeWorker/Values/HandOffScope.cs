using KadOrleans.Core;
using KadOrleans.Core.Routing;
using KadOrleans.Core.Values;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>
/// The keys whose values a node may have to hand off (<see cref="HandOffRule"/>): those to which no known contact is nearer. In a network
/// of thousands of nodes they are in one or two of the cluster's shards.
/// </summary>
internal static class HandOffScope
{
    /// <summary>
    /// False if a contact other than the newcomer is nearer to every key of the range than the node, whichever contact is the newcomer.
    /// </summary>
    public static bool Covers(RoutingTableSnapshot snapshot, BucketRange range)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        var shared = snapshot.OwnId.CommonPrefixLength(range.Prefix);
        if (shared >= range.Depth)
        {
            return true;
        }

        // A contact that shares one bit more with the range than the node does is nearer to all of it. Of two such
        // contacts one is not the newcomer.
        var nearer = new BucketRange(range.Prefix, shared + 1);
        Span<Contact> nearest = stackalloc Contact[2];
        return snapshot.FindClosest(range.Prefix, nearest) < 2 || !nearer.Contains(nearest[0].Id) || !nearer.Contains(nearest[1].Id);
    }
}
