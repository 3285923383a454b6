using System.Buffers.Binary;
using KadOrleans.Core.Routing;

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
        return IsAmongNearest(snapshot.OwnId, key, nearest[..snapshot.FindClosest(key, nearest)], bucketSize);
    }

    /// <summary>Whether a node is one of the k nearest to a key, of which the others are known, nearest first.</summary>
    public static bool IsAmongNearest(NodeId id, NodeId key, ReadOnlySpan<Contact> nearest, int bucketSize) =>
        nearest.Length < bucketSize || id.DistanceTo(key) < nearest[^1].Id.DistanceTo(key);

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

/// <summary>Decides how fast due values go out: the more are due, the faster, so that the interval is kept.</summary>
internal static class RepublishPace
{
    /// <summary>Values per second, however few are due: 72,000 an hour. With a lower rate the last ones of a check would take long.</summary>
    public const double Least = 20;

    /// <summary>
    /// In this time as many values go out as are due now. If it is longer, values wait longer beyond their hour. If it is shorter, a
    /// bulk of values goes out in bursts.
    /// </summary>
    public static readonly TimeSpan Drain = TimeSpan.FromMinutes(1);

    public static double GetRate(long due, double most) => Math.Min(Math.Max(due / Drain.TotalSeconds, Least), most);
}

/// <summary>Collects due keys, and keeps those without a STORE for longest, so that a busy node leaves none out for good.</summary>
internal sealed class DueKeys(int capacity)
{
    // The most recently stored first: it makes room.
    private readonly PriorityQueue<NodeId, long> _kept = new();

    /// <summary>The number of keys added, those not kept included.</summary>
    public long Count { get; private set; }

    public void Add(NodeId key, DateTimeOffset storedAt)
    {
        Count++;
        var rank = -storedAt.UtcTicks;
        if (_kept.Count < capacity)
        {
            _kept.Enqueue(key, rank);
        }
        else
        {
            _kept.EnqueueDequeue(key, rank);
        }
    }

    /// <summary>Removes the keys and returns them, the longest without a STORE first.</summary>
    public IReadOnlyList<NodeId> Take()
    {
        var keys = new NodeId[_kept.Count];
        for (var i = keys.Length - 1; i >= 0; i--)
        {
            keys[i] = _kept.Dequeue();
        }

        return keys;
    }
}
