namespace KadOrleans.Core;

// Recognizes that two parts of a network meet again after a cut, by the contacts near the own id: within one network a node knows
// them all.
internal static class PartitionPolicy
{
    // Of the k nearest contacts, the share of new ones from which values are sent out again: with fewer, most of a key's k nearest
    // nodes had been reachable when it was set, and a lookup finds it.
    private const int SpreadDivisor = 4;

    /// <summary>Whether a node names a contact, for the own id, that should be in the table and is not.</summary>
    public static bool IsOfAnotherPart(RoutingTableSnapshot table, IReadOnlyList<Contact> named, int bucketSize)
    {
        Span<Contact> nearest = stackalloc Contact[bucketSize];
        var count = table.FindClosest(table.OwnId, nearest);
        foreach (var contact in named)
        {
            var belongs = count < bucketSize || contact.Id.DistanceTo(table.OwnId) < nearest[count - 1].Id.DistanceTo(table.OwnId);
            if (belongs && contact.Id != table.OwnId && contact.Endpoint.IsUnicast && !table.TryGet(contact.Id, out _))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether so many of the k nearest contacts came since an earlier snapshot that most holders of a value may be others now.</summary>
    public static bool HasGrownTogether(RoutingTableSnapshot earlier, RoutingTableSnapshot table, int bucketSize)
    {
        Span<Contact> nearest = stackalloc Contact[bucketSize];
        var count = table.FindClosest(table.OwnId, nearest);
        var added = 0;
        foreach (var contact in nearest[..count])
        {
            added += earlier.TryGet(contact.Id, out _) ? 0 : 1;
        }

        return added > 0 && added * SpreadDivisor >= count;
    }

    // Whether the table has contacts that it lacked before, from elsewhere than those on whose word it was looked for: of two subnets, or
    // of one if that is much of the table. A host that names its own other ports does not show that a part of the network is back.
    public static bool HasFound(
        RoutingTableSnapshot earlier, RoutingTableSnapshot table, IEnumerable<Contact> informants, SubnetDiversity subnets, int bucketSize)
    {
        var known = informants.Select(informant => subnets.GroupOf(informant.Endpoint)).ToHashSet();
        var groups = table.Contacts.Where(contact => !earlier.Contains(contact))
            .Select(contact => subnets.GroupOf(contact.Endpoint))
            .Where(known.Add)
            .Take(2)
            .Count();
        return groups == 2 || (groups == 1 && HasGrownTogether(earlier, table, bucketSize));
    }

    /// <summary>The keys to which no contact of a part was nearer than this node: it alone of the part sends their values out again.</summary>
    public static KeyRegion GetRegion(RoutingTableSnapshot part) => HandOffRule.GetRegion(part, part.OwnId);
}
