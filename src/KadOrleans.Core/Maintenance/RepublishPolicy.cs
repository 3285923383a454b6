namespace KadOrleans.Core;

internal static class RepublishPolicy
{
    /// <summary>Holders spread over this part of the interval: 10 minutes of an hour.</summary>
    private const int SpreadDivisor = 6;

    // Shares of the spread. Values gather for a minute of an hour: then who sent the region before goes first. So most contacts get a value
    // while their write tokens, of 5 minutes, are fresh. Next are the region's own nodes. Others hold only some of its values, and come after
    // them.
    private const double OfLastSender = 0.1;
    private const double OfOwnRegion = 0.45;
    private const double OfOthers = 0.7;

    /// <summary>A publication may go out early by this part of its interval: by an hour of a day.</summary>
    private const int EarlyDivisor = 24;

    // A shard's check costs a look at its keys, and an activation if it sleeps. Orleans' reminders come once a minute at most.
    private static readonly TimeSpan LongestCheck = TimeSpan.FromHours(1);
    private static readonly TimeSpan ShortestCheck = TimeSpan.FromMinutes(1);

    // Beyond the spread of holders: a look each minute, a minute in which what is due goes out, and waits for contacts that are silent.
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(5);

    // More than clocks of silos and edges differ.
    private static readonly TimeSpan FarAhead = TimeSpan.FromMinutes(5);

    /// <summary>Whether a value goes out with one of its region that is due: without a STORE for the interval.</summary>
    public static bool IsRipe(DateTimeOffset storedAt, DateTimeOffset expiresAt, DateTimeOffset now, KademliaOptions options) =>
        now - storedAt >= options.RepublishInterval && now < expiresAt;

    // Due without a STORE for the interval plus an offset, which each holder derives from the key's region and its own id. Then all of the
    // region that is ripe goes out, what was stored in several minutes. The first holder's STOREs reach the others before they are due, so
    // about one of the k republishes.
    public static bool IsDue(
        NodeId key,
        DateTimeOffset storedAt,
        DateTimeOffset expiresAt,
        NodeId ownId,
        int regionDepth,
        bool hasSentBefore,
        DateTimeOffset now,
        KademliaOptions options)
    {
        // Most values are young, and need no offset.
        var age = now - storedAt;
        return age >= options.RepublishInterval
            && now < expiresAt
            && age >= options.RepublishInterval + (hasSentBefore ? Spread(options) * OfLastSender : Offset(key, ownId, regionDepth, options));
    }

    // For a schedule that checks once per interval, values are due earlier by the spread. Otherwise one republished soon after a
    // check would be a little too young at the next. What was noted far ahead of now was noted by a clock that was wrong: nobody knows when, and it
    // would not be due until the clock shows that time.
    public static bool IsDueAtCheck(DateTimeOffset storedAt, DateTimeOffset expiresAt, DateTimeOffset now, KademliaOptions options) =>
        (now - storedAt >= options.RepublishInterval - Spread(options) || storedAt - now > FarAhead) && now < expiresAt;

    /// <summary>When a held value that is not due yet is due at the earliest; null if it is due, or ends before.</summary>
    public static DateTimeOffset? FindNext(DateTimeOffset storedAt, DateTimeOffset expiresAt, DateTimeOffset now, KademliaOptions options) =>
        storedAt + options.RepublishInterval is var due && due > now && due < expiresAt ? due : null;

    /// <summary>The same for a schedule that checks once per interval.</summary>
    public static DateTimeOffset? FindNextAtCheck(DateTimeOffset storedAt, DateTimeOffset expiresAt, DateTimeOffset now, KademliaOptions options) =>
        storedAt - now > FarAhead ? null : FindNext(storedAt - Spread(options), expiresAt, now, options);

    /// <summary>When a publication that is not due yet is due; null if it is.</summary>
    public static DateTimeOffset? FindNextPublication(DateTimeOffset publishedAt, DateTimeOffset now, KademliaOptions options) =>
        publishedAt + PublishInterval(options) is var due && due > now ? due : null;

    /// <summary>The earlier of two times that may be missing; null if both are.</summary>
    public static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) => one is null || other < one ? other ?? one : one;

    /// <summary>
    /// How often such a schedule checks: once per interval, at least each hour. A publication that is a little too young at one check is due at the
    /// next, so there are two for its interval.
    /// </summary>
    public static TimeSpan GetCheckPeriod(KademliaOptions options)
    {
        var publishing = PublishInterval(options) / 2;
        var shorter = options.RepublishInterval < publishing ? options.RepublishInterval : publishing;
        return TimeSpan.FromTicks(Math.Clamp(shorter.Ticks, ShortestCheck.Ticks, LongestCheck.Ticks));
    }

    public static bool IsPublicationDue(DateTimeOffset publishedAt, DateTimeOffset now, KademliaOptions options)
    {
        return now.Since(publishedAt) >= PublishInterval(options);
    }

    /// <summary>Whether a publication goes out with one of its region that is due.</summary>
    public static bool IsPublicationRipe(DateTimeOffset publishedAt, DateTimeOffset now, KademliaOptions options) =>
        now.Since(publishedAt) >= PublishInterval(options) * (EarlyDivisor - 1) / EarlyDivisor;

    // Whether this node is one of the k nearest to the key that it knows. If not, it keeps its copy until that expires.
    public static bool IsResponsible(NodeId key, RoutingTableSnapshot snapshot, int bucketSize) =>
        IsResponsible(snapshot.OwnId, key, snapshot, bucketSize);

    /// <summary>The same for an id that has the same values, and is nearer to the key than this node's.</summary>
    public static bool IsResponsible(NodeId id, NodeId key, RoutingTableSnapshot snapshot, int bucketSize)
    {
        Span<Contact> nearest = stackalloc Contact[bucketSize];
        return IsAmongNearest(id, key, nearest[..snapshot.FindClosest(key, nearest)], bucketSize);
    }

    /// <summary>The nearest are the other nodes, nearest first. The id itself may be one of them.</summary>
    public static bool IsAmongNearest(NodeId id, NodeId key, ReadOnlySpan<Contact> nearest, int bucketSize) =>
        nearest.Length < bucketSize || nearest[^1].Id == id || id.DistanceTo(key) < nearest[^1].Id.DistanceTo(key);

    /// <summary>
    /// Whether an id may be one of the k nearest to a key, by the network's size: for keys of which the table knows few neighbours. Not if more
    /// than 2 k nodes are to be expected between them: then there are fewer than k once in a thousand times.
    /// </summary>
    public static bool MayBeAmongNearest(NodeId id, NodeId key, double nodes, int bucketSize) =>
        nodes * id.DistanceTo(key).ToFraction() <= 2 * bucketSize;

    /// <summary>
    /// The bits that the keys of a region share, so that it has k nodes at most: each of them holds all values of the region, and one of them
    /// can send all. With half as many more of them would be needed. Nodes that judge the network's size otherwise have other regions, and
    /// send no value twice for that.
    /// </summary>
    /// <param name="size">The network's size, if it is known.</param>
    /// <param name="table">The contacts, by which it is judged otherwise.</param>
    /// <param name="bucketSize">k.</param>
    public static int GetRegionDepth(NetworkSizeEstimate? size, RoutingTableSnapshot table, int bucketSize)
    {
        if (size is null)
        {
            // An area is one bit wider than the smallest subtree of k contacts, and a region one bit narrower.
            var area = ResponsibleArea.Of(table, bucketSize).PrefixLength;
            return area == 0 ? 0 : Math.Min(area + 2, NodeId.BitLength);
        }

        return size.Nodes <= bucketSize ? 0 : Math.Clamp((int)Math.Ceiling(Math.Log2(size.Nodes / bucketSize)), 0, NodeId.BitLength);
    }

    /// <summary>How far a held value is beyond the interval, as of its last STORE. Zero before.</summary>
    public static TimeSpan GetLateness(DateTimeOffset storedAt, DateTimeOffset now, KademliaOptions options) =>
        NotNegative(now - storedAt - options.RepublishInterval);

    /// <summary>The same of a publication, as of its last sending.</summary>
    public static TimeSpan GetPublicationLateness(DateTimeOffset publishedAt, DateTimeOffset now, KademliaOptions options) =>
        NotNegative(now.Since(publishedAt) - PublishInterval(options));

    /// <summary>The most that a value which waits may be beyond its interval: with more the interval is missed. 15 minutes of an hour.</summary>
    public static TimeSpan MostOverdue(KademliaOptions options) => Spread(options) + Slack;

    /// <summary>The same for a schedule that checks once per interval, at a check: what was due at the one before was found by it.</summary>
    public static TimeSpan MostOverdueAtCheck(KademliaOptions options) => options.RepublishInterval - Spread(options);

    /// <summary>The time in which the holders of a value take turns: 10 minutes of an hour.</summary>
    public static TimeSpan Spread(KademliaOptions options) => options.RepublishInterval / SpreadDivisor;

    /// <summary>The shortest life of values that the interval allows: they go out once more if a sending fails. 140 minutes for an hour.</summary>
    public static TimeSpan ShortestLife(KademliaOptions options) => 2 * (options.RepublishInterval + Spread(options));

    private static TimeSpan NotNegative(TimeSpan time) => time > TimeSpan.Zero ? time : TimeSpan.Zero;

    private static TimeSpan PublishInterval(KademliaOptions options)
    {
        var half = options.ValueTimeToLive / 2;
        return options.PublishInterval < half ? options.PublishInterval : half;
    }

    private static TimeSpan Offset(NodeId key, NodeId ownId, int regionDepth, KademliaOptions options)
    {
        // Any mixture of both that has nothing to do with how near they are to each other, and is the same after a restart.
        Span<byte> bytes = stackalloc byte[2 * NodeId.Length];
        key.Prefix(regionDepth).CopyTo(bytes);
        ownId.CopyTo(bytes[NodeId.Length..]);
        var draw = BinaryPrimitives.ReadUInt64BigEndian(bytes) ^ BinaryPrimitives.ReadUInt64BigEndian(bytes[^sizeof(ulong)..]);
        draw = (draw ^ (draw >> 31)) * 0x9E3779B97F4A7C15;
        draw = (draw ^ (draw >> 29)) * 0xBF58476D1CE4E5B9;
        var (first, last) = ownId.CommonPrefixLength(key) >= regionDepth ? (OfOwnRegion, OfOthers) : (OfOthers, 1);
        return Spread(options) * (first + ((last - first) * ((draw >> 32) / (uint.MaxValue + 1.0))));
    }
}

/// <summary>Decides how fast due values go out: the more are due, the faster, so that the interval is kept.</summary>
internal static class RepublishPace
{
    /// <summary>While one holder sends the values of a region, which are some hundred, others come to see what is due.</summary>
    public const double Least = 100;

    // The time in which the due values go out. A longer one delays them beyond their hour; a shorter one sends bursts.
    public static readonly TimeSpan Drain = TimeSpan.FromMinutes(1);

    public static double GetRate(long due, double most) => Math.Min(Math.Max(due / Drain.TotalSeconds, Least), most);
}

/// <summary>Keeps the due keys without a STORE for longest, so that a busy node leaves none out for good.</summary>
internal sealed class DueKeys(int capacity)
{
    // The most recently stored first: it makes room.
    private readonly PriorityQueue<NodeId, long> _kept = new();

    public long Count { get; private set; }

    public void Add(NodeId key, DateTimeOffset storedAt)
    {
        Count++;
        _kept.Enqueue(key, -storedAt.UtcTicks);
        if (_kept.Count > capacity)
        {
            _kept.Dequeue();
        }
    }

    /// <summary>The keys with the time of their last STORE, the oldest first.</summary>
    public IReadOnlyList<(NodeId Key, DateTimeOffset StoredAt)> Take()
    {
        (NodeId, DateTimeOffset)[] keys =
        [
            .. _kept.UnorderedItems.OrderByDescending(item => item.Priority)
                .Select(item => (item.Element, new DateTimeOffset(-item.Priority, TimeSpan.Zero))),
        ];
        _kept.Clear();
        return keys;
    }
}
