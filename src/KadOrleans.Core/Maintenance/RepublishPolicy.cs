using System.Buffers.Binary;
using KadOrleans.Core.Routing;
using KadOrleans.Core.Values;

namespace KadOrleans.Core.Maintenance;

/// <summary>Decides when values are republished, and by which node (Kademlia §2.5).</summary>
internal static class RepublishPolicy
{
    /// <summary>Of the interval, what holders spread over: 10 minutes of an hour.</summary>
    private const int SpreadDivisor = 6;

    /// <summary>
    /// Whether a held value is due: it got no STORE for the interval plus an offset. Each holder derives the offset from the key and its
    /// own id. The first holder's STOREs reach the others before they are due, so about one of the k works.
    /// </summary>
    public static bool IsDue(NodeId key, StoredValue stored, NodeId ownId, DateTimeOffset now, KademliaOptions options)
    {
        return IsDue(key, stored.StoredAt, stored.ExpiresAt, ownId, now, options);
    }

    public static bool IsDue(
        NodeId key, DateTimeOffset storedAt, DateTimeOffset expiresAt, NodeId ownId, DateTimeOffset now, KademliaOptions options)
    {
        // Most values are young: the offset need not be looked at for them.
        var age = now - storedAt;
        return age >= options.RepublishInterval
            && now < expiresAt
            && age >= options.RepublishInterval + Offset(key, ownId, options);
    }

    /// <summary>
    /// Whether a value is due for a schedule that checks once per interval. It is due earlier by the spread. Otherwise a value republished
    /// soon after one check would be a little too young at the next.
    /// </summary>
    public static bool IsDueAtCheck(StoredValue stored, DateTimeOffset now, KademliaOptions options)
    {
        return IsDueAtCheck(stored.StoredAt, stored.ExpiresAt, now, options);
    }

    public static bool IsDueAtCheck(DateTimeOffset storedAt, DateTimeOffset expiresAt, DateTimeOffset now, KademliaOptions options)
    {
        return now - storedAt >= options.RepublishInterval - Spread(options) && now < expiresAt;
    }

    public static bool IsPublicationDue(DateTimeOffset publishedAt, DateTimeOffset now, KademliaOptions options)
    {
        var half = options.ValueTimeToLive / 2;
        return now.Since(publishedAt) >= (options.PublishInterval < half ? options.PublishInterval : half);
    }

    /// <summary>
    /// Whether this node is one of the k nearest to the key by what it knows. If not, nearer nodes have taken its place. It keeps its copy
    /// until that expires, and is responsible again if they vanish.
    /// </summary>
    public static bool IsResponsible(NodeId key, RoutingTableSnapshot snapshot, int bucketSize)
    {
        Span<Contact> nearest = stackalloc Contact[bucketSize];
        var count = snapshot.FindClosest(key, nearest);
        return count < bucketSize || snapshot.OwnId.DistanceTo(key) < nearest[^1].Id.DistanceTo(key);
    }

    private static TimeSpan Spread(KademliaOptions options) => options.RepublishInterval / SpreadDivisor;

    private static TimeSpan Offset(NodeId key, NodeId ownId, KademliaOptions options)
    {
        // The last bits of two ids have nothing to do with how near they are to each other.
        Span<byte> bytes = stackalloc byte[2 * NodeId.Length];
        key.CopyTo(bytes);
        ownId.CopyTo(bytes[NodeId.Length..]);
        var draw = BinaryPrimitives.ReadUInt32BigEndian(bytes[(NodeId.Length - sizeof(uint))..])
            ^ BinaryPrimitives.ReadUInt32BigEndian(bytes[^sizeof(uint)..]);
        return Spread(options) * (draw / (uint.MaxValue + 1.0));
    }
}
