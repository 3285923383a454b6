namespace KadOrleans.Core.Values;

/// <summary>Decides which node hands a value off to a new contact (Kademlia §2.5): the nearest holder alone.</summary>
internal static class HandOffRule
{
    /// <summary>The nearest contacts come nearest first, without the newcomer.</summary>
    public static bool Applies(NodeId key, NodeId ownId, NodeId newcomer, ReadOnlySpan<Contact> nearest, int bucketSize) => nearest.IsEmpty
        || (ownId.DistanceTo(key) <= nearest[0].Id.DistanceTo(key) && RepublishPolicy.IsAmongNearest(newcomer, key, nearest, bucketSize));

    // The keys to which no contact but the newcomer is nearer than this node: the rule applies to no other. So a node with many
    // contacts has only a few of its keys to look at.
    public static KeyRegion GetRegion(RoutingTableSnapshot table, NodeId newcomer)
    {
        var mask = NodeId.MinValue;
        foreach (var contact in table.Contacts)
        {
            if (contact.Id != newcomer)
            {
                mask = mask.WithBit(table.OwnId.CommonPrefixLength(contact.Id), true);
            }
        }

        return new KeyRegion(table.OwnId, mask);
    }

    /// <summary>All keys of all contacts' regions, for when the newcomer is not known.</summary>
    public static KeyRegion GetRegion(RoutingTableSnapshot table)
    {
        var (once, twice) = (NodeId.MinValue, NodeId.MinValue);
        foreach (var contact in table.Contacts)
        {
            var bit = table.OwnId.CommonPrefixLength(contact.Id);
            (once, twice) = (once.WithBit(bit, true), once.GetBit(bit) ? twice.WithBit(bit, true) : twice);
        }

        // Of two contacts that are nearer to a key than this node, one is not the newcomer.
        return new KeyRegion(table.OwnId, twice);
    }

    /// <summary>It does not if k contacts are nearer than the newcomer to all of its region.</summary>
    public static bool MayApply(RoutingTableSnapshot table, NodeId newcomer, int bucketSize)
    {
        var region = GetRegion(table, newcomer);
        var nearer = 0;
        foreach (var contact in table.Contacts)
        {
            if (contact.Id == newcomer)
            {
                continue;
            }

            var bit = newcomer.CommonPrefixLength(contact.Id);
            nearer += region.Mask.GetBit(bit) && region.Bits.GetBit(bit) != newcomer.GetBit(bit) ? 1 : 0;
        }

        return nearer < bucketSize;
    }
}
