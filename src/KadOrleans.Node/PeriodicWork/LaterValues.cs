using KadOrleans.Core.Items;

namespace KadOrleans.Node;

/// <summary>Finds what the network holds in place of a publication that is due: then that ends, as somebody has set the key later.</summary>
internal sealed class LaterValues(DhtNode node, ILogger logger, TimeProvider time)
{
    private KademliaOptions Kademlia => node.Options.Kademlia;

    /// <summary>
    /// The other value that a majority of the k nearest has, if its life shows a later publication, or an owner's newer item that one of them has;
    /// else null.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="publication">The publication.</param>
    /// <param name="held">What is held of the key here.</param>
    /// <param name="holders">The k nearest that were found.</param>
    /// <param name="known">How many were known before any of them was asked.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    public async Task<StoredValue?> FindAsync(
        NodeId key, Publication publication, StoredValue? held, LookupOutcome holders, int known, CancellationToken cancellationToken)
    {
        var found = await node.Lookups.AskHoldersAsync(key, holders.Closest, cancellationToken);
        if (ChooseLater(key, publication, held, found, known) is { } later)
        {
            return later;
        }

        if (!IsDisputed(key, publication, found))
        {
            return null;
        }

        // Nodes may be nearer that this one has not heard of, as they came since the region was surveyed.
        await node.Upload.WaitAsync(default, stores: 0, Kademlia.BucketSize, cancellationToken);
        node.Metrics.Add(NodeMetrics.SweepLookups);
        return ChooseLater(key, publication, held, await node.Lookups.AskAllHoldersAsync(key, cancellationToken), known);
    }

    // Whether holders have another value, which may be later than this one. Nothing but an owner's newer item is later than an item.
    private static bool IsDisputed(NodeId key, Publication publication, LookupOutcome found) =>
        (found.Differed > 0 || (found.Value is { } value && value != publication.Value))
        && CheckedItem.OfChecked(key, publication.Value) is null;

    private StoredValue? ChooseLater(NodeId key, Publication publication, StoredValue? held, LookupOutcome found, int known)
    {
        var now = time.GetUtcNow();

        // An owner's newer item is later, whoever has it, and nothing else is later than an item. One without an owner anybody can make where the key
        // is that of a text: it is a value as any.
        var published = CheckedItem.OfChecked(key, publication.Value);
        if (ItemOrder.Newest.Compare(found.Item, published) > 0)
        {
            return new StoredValue(found.Value!.Value, now, now + Kademlia.Bound(found.ValueLife), default);
        }

        if (CheckedItem.OfChecked(key, held?.Value) is { Item.IsMutable: true } ownersHeld && ItemOrder.Newest.Compare(ownersHeld, published) > 0)
        {
            return held;
        }

        if (published is not null)
        {
            return null;
        }

        var (other, left) = found.Value is null ? (held?.Value, held?.LifeLeft(now)) : (found.Value, found.ValueLife);
        if (other is not { } value || value == publication.Value
            || left is not { } life || now + life <= publication.PublishedAt + Kademlia.ValueTimeToLive + StoreDecision.LatestStore)
        {
            // Nor is it later if it may come from a STORE that had begun before this was set: one of our own, of the value before.
            return null;
        }

        // The publication's own copy has no vote, an overwritten one has. Unresponsive contacts count in the total, so one liar
        // is no majority in an outage.
        var own = held?.Value == value ? 1 : 0;
        var voters = Math.Max(found.Closest.Count, known) + own;
        var votes = found.Agreed + own;
        if (found.Agreed == 0 || 2 * votes <= voters)
        {
            return null;
        }

        logger.PublicationEnded(key, votes, voters);
        return new StoredValue(value, now, now + Kademlia.Bound(life), default);
    }
}
