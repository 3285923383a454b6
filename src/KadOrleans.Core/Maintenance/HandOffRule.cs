namespace KadOrleans.Core;

/// <summary>Decides which node hands a value off to a new contact (Kademlia §2.5): the nearest holder alone.</summary>
internal static class HandOffRule
{
    /// <summary>
    /// Contacts beyond the k nearest that a newcomer may be among: a fifth of a table may have left without notice, and more do within the hour.
    /// Of 1.5 k then some k + k/5 are there, of 1.2 k fewer than k. It costs half as many hand-offs again where nobody has left.
    /// </summary>
    public static int GetReach(int bucketSize) => bucketSize + (bucketSize / 2);

    // The keys to which no contact but the newcomer is nearer than this node: the rule applies to no other. Without a newcomer
    // those of all contacts: of two that are nearer to a key than this node, one is not the newcomer. Some more may be nearer that have left.
    public static KeyRegion GetRegion(RoutingTableSnapshot table, NodeId? newcomer = null, int left = 0)
    {
        var mayBeNearer = left + (newcomer is null ? 1 : 0);
        var bits = table.Contacts.Where(contact => contact.Id != newcomer)
            .CountBy(contact => table.OwnId.CommonPrefixLength(contact.Id))
            .Where(bit => bit.Value > mayBeNearer);
        return new KeyRegion(table.OwnId, bits.Aggregate(NodeId.MinValue, (mask, bit) => mask.WithBit(bit.Key, true)));
    }

    /// <summary>It does not if k contacts are nearer than the newcomer to all of its region.</summary>
    public static bool MayApply(RoutingTableSnapshot table, NodeId newcomer, int bucketSize, int left = 0)
    {
        var region = GetRegion(table, newcomer, left);
        return table.Contacts.Count(contact => contact.Id != newcomer && IsNearer(contact)) < bucketSize;

        bool IsNearer(Contact contact) => newcomer.CommonPrefixLength(contact.Id) is var bit
            && region.Mask.GetBit(bit) && region.Bits.GetBit(bit) != newcomer.GetBit(bit);
    }
}
