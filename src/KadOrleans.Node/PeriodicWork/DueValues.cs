using System.Runtime.CompilerServices;

namespace KadOrleans.Node;

/// <summary>
/// What is due: the held values and the publications whose interval is over, and whether this node is the one to send them. A region goes out as
/// a whole: once one of its keys is due, all of its keys whose interval ends soon are.
/// </summary>
internal sealed class DueValues(
    DhtNode node,
    IKeyStore store,
    IPublicationStore publications,
    SweepLookups lookups,
    HeldValueTimes heldTimes,
    PublicationTimes publicationTimes,
    PresentClock clock,
    TimeProvider time)
{
    /// <summary>Keys that one sweep has: 20 MB, and a minute's work at the highest rate.</summary>
    public const int MaxCollected = 262_144;

    // When a region's values went out last, by the bits that they share. Used by the loop of sweeps alone. Bounded: a network has few regions.
    private readonly Dictionary<NodeId, long> _sentRegions = [];

    private KademliaOptions Kademlia => node.Options.Kademlia;

    /// <summary>
    /// Finds all that is due, with how many keys of the same region go out within an hour, and says whether that is all: more held values than a
    /// sweep has may be ripe.
    /// </summary>
    public async Task<(IReadOnlyList<SweptKey> Due, bool IsComplete)> FindAllAsync(RepublishBatch batch, CancellationToken cancellationToken)
    {
        clock.Observe();
        heldTimes.ForgetPast();
        var (held, isComplete) = await FindHeldAsync(batch, cancellationToken);
        return ([.. (await FindPublicationsAsync(batch, cancellationToken)).Concat(held).DistinctBy(static due => due.Key)], isComplete);
    }

    /// <summary>Whether a publication goes out in its turn: with others of its region before it is due by itself.</summary>
    public bool IsDue(SweptKey swept, Publication stored)
    {
        var publication = publicationTimes.GetLast(swept.Key, stored);
        return swept.IsPublication ? IsRipe(publication) : IsDue(publication);
    }

    /// <summary>Whether a held value is due that a shard offered: its shard has found that it is, by the cluster's time.</summary>
    public bool IsOfferedDue(NodeId key, StoredValue held) =>
        RepublishPolicy.IsDueAtCheck(held.StoredAt, held.ExpiresAt, time.GetUtcNow(), Kademlia);

    /// <summary>How long after its interval a publication is.</summary>
    public TimeSpan GetLateness(Publication publication) => publication.IsPending
        ? TimeSpan.Zero
        : RepublishPolicy.GetPublicationLateness(clock.Convert(publication.PublishedAt), time.GetUtcNow(), Kademlia);

    /// <summary>How long after its interval a held value is.</summary>
    public TimeSpan GetLateness(StoredValue held) =>
        RepublishPolicy.GetLateness(clock.Convert(held.StoredAt), time.GetUtcNow(), Kademlia);

    /// <summary>
    /// Whether this node, or the sibling that is nearest to a key, may be among its k nearest, by the routing table. That says little of nodes far
    /// away, so those near a sibling's id are also counted by the network's size.
    /// </summary>
    public bool IsResponsible(NodeId key)
    {
        var nearest = node.Siblings.NearestTo(key, node.Id);
        return RepublishPolicy.IsResponsible(nearest, key, node.RoutingTable, Kademlia.BucketSize)
            && (nearest == node.Id
                || node.NetworkSize is not { } size
                || RepublishPolicy.MayBeAmongNearest(nearest, key, size.Nodes, Kademlia.BucketSize));
    }

    /// <summary>Whether the sibling that is nearest to a key is among its k nearest, of which the others were found.</summary>
    public bool IsResponsible(NodeId key, IReadOnlyList<Contact> found)
    {
        var nearest = node.Siblings.NearestTo(key, node.Id);
        return nearest == node.Id || RepublishPolicy.IsAmongNearest(nearest, key, [.. found], Kademlia.BucketSize);
    }

    private async Task<(IEnumerable<SweptKey> Held, bool IsComplete)> FindHeldAsync(RepublishBatch batch, CancellationToken cancellationToken)
    {
        var (ripe, due, depth) = (new DueKeys(MaxCollected), new HashSet<NodeId>(), batch.Depth);
        var depthNear = lookups.Depth;
        await store.VisitAsync(KeyRegion.Everywhere, Collect, cancellationToken);
        RememberSentRegions(due);
        var taken = ripe.Take().Where(one => due.Contains(one.Key.Prefix(depth))).ToList();
        var near = await CountNearAsync(taken.Select(one => one.Key.Prefix(depthNear)), depthNear, cancellationToken);
        var held = taken.Select(one => new SweptKey(one.Key, IsRipe, batch)
        {
            KeysNear = near[one.Key.Prefix(depthNear)],
            Overdue = batch.Bound(RepublishPolicy.GetLateness(one.StoredAt, time.GetUtcNow(), Kademlia)),
        });
        return (held, ripe.Count <= MaxCollected);

        void Collect(KeyLife life)
        {
            var now = time.GetUtcNow();
            var storedAt = heldTimes.GetLast(life.Key, clock.Convert(life.StoredAt));
            if (RepublishPolicy.IsRipe(storedAt, life.ExpiresAt, now, Kademlia) && (life.IsKept || IsResponsible(life.Key)))
            {
                ripe.Add(life.Key, storedAt);
                var region = life.Key.Prefix(depth);
                if (RepublishPolicy.IsDue(life.Key, storedAt, life.ExpiresAt, node.Id, depth, _sentRegions.ContainsKey(region), now, Kademlia))
                {
                    due.Add(region);
                }
            }
        }
    }

    /// <summary>How many keys are held of each region. A region goes out once an hour, so most checks count none.</summary>
    private async Task<Dictionary<NodeId, int>> CountNearAsync(IEnumerable<NodeId> regions, int depth, CancellationToken cancellationToken)
    {
        var near = regions.Distinct().ToDictionary(static region => region, static _ => 0);
        if (near.Count > 0)
        {
            await store.VisitAsync(KeyRegion.Everywhere, Count, cancellationToken);
        }

        return near;

        void Count(KeyLife life)
        {
            ref var count = ref CollectionsMarshal.GetValueRefOrNullRef(near, life.Key.Prefix(depth));
            if (!Unsafe.IsNullRef(ref count))
            {
                count++;
            }
        }
    }

    // A region's values go out each hour: whoever has not sent any for longer is no longer the one that goes first.
    private void RememberSentRegions(IEnumerable<NodeId> regions)
    {
        var now = time.GetTimestamp();
        foreach (var (region, sentAt) in _sentRegions.ToList())
        {
            if (time.GetElapsedTime(sentAt, now) > Kademlia.RepublishInterval * 2)
            {
                _sentRegions.Remove(region);
            }
        }

        foreach (var region in regions)
        {
            _sentRegions[region] = now;
        }
    }

    private async Task<IEnumerable<SweptKey>> FindPublicationsAsync(RepublishBatch batch, CancellationToken cancellationToken)
    {
        var (ripe, due, depth) = (new Dictionary<NodeId, List<SweptKey>>(), new HashSet<NodeId>(), lookups.Depth);
        await publicationTimes.WriteRememberedAsync(cancellationToken);
        await foreach (var (key, stored) in publications.ScanAsync(cancellationToken))
        {
            var publication = publicationTimes.GetLast(key, stored);
            if (IsRipe(publication))
            {
                (CollectionsMarshal.GetValueRefOrAddDefault(ripe, key.Prefix(depth), out _) ??= []).Add(new SweptKey(key, IsRipe, batch)
                {
                    IsPublication = true,
                    Overdue = batch.Bound(GetLateness(publication)),
                });
                if (IsDue(publication))
                {
                    due.Add(key.Prefix(depth));
                }
            }
        }

        return ripe.Where(region => due.Contains(region.Key))
            .SelectMany(region => region.Value, static (region, one) => one with { KeysNear = region.Value.Count });
    }

    private bool IsDue(Publication publication) => publication.IsPending
        || RepublishPolicy.IsPublicationDue(clock.Convert(publication.PublishedAt), time.GetUtcNow(), Kademlia);

    private bool IsRipe(Publication publication) => publication.IsPending
        || RepublishPolicy.IsPublicationRipe(clock.Convert(publication.PublishedAt), time.GetUtcNow(), Kademlia);

    private bool IsRipe(NodeId key, StoredValue held) =>
        RepublishPolicy.IsRipe(clock.Convert(held.StoredAt), held.ExpiresAt, time.GetUtcNow(), Kademlia);
}
