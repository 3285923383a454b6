using KadOrleans.Core.Admission;

namespace KadOrleans.Core.Routing;

/// <content>Who gets which place: additions, splits and promotions, with the books on endpoints and subnets.</content>
public sealed partial class RoutingTable
{
    /// <summary>
    /// Adds an entry whose id is not in the table, splitting buckets as far as the rules allow. Only a newcomer whose
    /// subnet may have another contact waits as a replacement, and one of each subnet waits, so that one network cannot fill
    /// the waiting places.
    /// </summary>
    private TableOutcome Insert(BucketEntry entry)
    {
        var id = entry.Contact.Id;
        var bucket = _tree.Find(id);
        var wanted = WantsReplacements(bucket);
        bucket.Replacements.Remove(id);
        List<KBucket>? otherHalves = null;
        while (bucket.IsFull && _tree.CanSplit(bucket))
        {
            var (lower, upper) = _tree.Split(bucket);
            Version++;
            bucket = _tree.Find(id);
            (otherHalves ??= []).Add(bucket == lower ? upper : lower);
        }

        var outcome = TakePlace(bucket, entry);
        if (outcome == TableOutcome.KeptAsReplacement && wanted && !WantsReplacements(bucket))
        {
            Version++;
        }

        if (otherHalves is not null)
        {
            // Only now, so that the newcomer comes before those that wait.
            Promote(bucket);
            otherHalves.ForEach(half => Promote(half));
        }

        return outcome;
    }

    private TableOutcome TakePlace(KBucket bucket, BucketEntry entry)
    {
        if (!IsDiverse(bucket, entry.Contact.Endpoint))
        {
            return TableOutcome.RefusedDiversity;
        }

        if (bucket.IsFull)
        {
            KeepAsReplacement(bucket, new Replacement(entry.Contact, entry.LastSeen));
            return TableOutcome.KeptAsReplacement;
        }

        AddEntry(bucket, entry);
        return TableOutcome.Added;
    }

    private void KeepAsReplacement(KBucket bucket, Replacement replacement)
    {
        var endpoint = replacement.Contact.Endpoint;
        if (!_diversity.IsExempt(endpoint))
        {
            bucket.Replacements.Remove(SourceNetwork.SubnetOf(endpoint));
        }

        bucket.Replacements.Put(replacement);
    }

    /// <summary>
    /// Fills free places from the replacements: first the other endpoint of the id that left, then the newest. Those
    /// whose endpoint is now known under another id are stale; those whose subnet has its share go on waiting.
    /// </summary>
    private void Promote(KBucket bucket, NodeId? preferred = null)
    {
        var replacements = bucket.Replacements;
        if (preferred is { } id && replacements.IndexOf(id) is >= 0 and var index)
        {
            TryPromote(bucket, index);
        }

        for (var i = replacements.Count - 1; i >= 0 && !bucket.IsFull; i--)
        {
            TryPromote(bucket, i);
        }
    }

    private void TryPromote(KBucket bucket, int index)
    {
        var (contact, lastSeen) = bucket.Replacements[index];
        if (_byEndpoint.ContainsKey(contact.Endpoint))
        {
            bucket.Replacements.RemoveAt(index);
        }
        else if (!bucket.IsFull && bucket.Find(contact.Id) is null && IsDiverse(bucket, contact.Endpoint))
        {
            bucket.Replacements.RemoveAt(index);
            AddEntry(bucket, new BucketEntry(contact, lastSeen));
        }
    }

    /// <summary>
    /// A full bucket still welcomes newcomers until k of them wait: enough to replace all it holds. The cache takes
    /// more than that, but nobody is pinged for it.
    /// </summary>
    private bool WantsReplacements(KBucket bucket) =>
        bucket.Replacements.Count < Math.Min(_options.BucketSize, _options.ReplacementCacheSize);

    private bool IsDiverse(KBucket bucket, UdpEndpoint endpoint) =>
        _diversity.IsExempt(endpoint) || _diversity.Allows(endpoint, bucket.CountSubnet(SourceNetwork.SubnetOf(endpoint)));

    private void AddEntry(KBucket bucket, BucketEntry entry)
    {
        bucket.Insert(entry);
        _sorted.Insert(IndexOf(entry.Contact.Id), entry.Contact);
        _byEndpoint.Add(entry.Contact.Endpoint, entry.Contact.Id);
        _diversity.Add(entry.Contact.Endpoint);
        _arrivals.Add(entry.Contact);
        Version++;
    }

    private void RemoveEntry(KBucket bucket, BucketEntry entry)
    {
        bucket.Remove(entry);
        _sorted.RemoveAt(IndexOf(entry.Contact.Id));
        _byEndpoint.Remove(entry.Contact.Endpoint);
        _diversity.Remove(entry.Contact.Endpoint);
        Version++;
    }

    /// <summary>Where an id is among the sorted contacts, or belongs.</summary>
    private int IndexOf(NodeId id)
    {
        var low = 0;
        var high = _sorted.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_sorted[middle].Id < id)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    /// <summary>Says in the decision who entered the table on its account.</summary>
    private TableDecision WithArrivals(TableDecision decision)
    {
        if (_arrivals.Count == 0)
        {
            return decision;
        }

        var result = decision with { Added = _arrivals[0], AlsoAdded = _arrivals[1..] };
        _arrivals.Clear();
        return result;
    }
}
