namespace KadOrleans.Core;

/// <summary>
/// Which keys are handed off to which new contacts (Kademlia §2.5), found by one pass over the keys for any number of contacts: each key
/// costs one search of the table. Not safe for several threads.
/// </summary>
internal sealed class HandOffPlan
{
    /// <summary>Keys of all contacts together: 20 MB. Republishing sends what is beyond.</summary>
    public const int MaxKeys = 1_048_576;

    private readonly RoutingTableSnapshot _table;
    private readonly int _bucketSize;
    private readonly Dictionary<NodeId, List<NodeId>> _keys = [];
    private readonly Contact[] _newcomers;
    private int _count;

    public HandOffPlan(RoutingTableSnapshot table, IEnumerable<Contact> newcomers, int bucketSize)
    {
        (_table, _bucketSize) = (table, bucketSize);
        _newcomers = [.. newcomers.DistinctBy(newcomer => newcomer.Id).Where(table.Contains)];
        foreach (var newcomer in _newcomers)
        {
            _keys.Add(newcomer.Id, []);
        }

        Region = HandOffRule.GetRegion(table, _newcomers is [var only] ? only.Id : null);
    }

    /// <summary>The keys that may be handed off.</summary>
    public KeyRegion Region { get; }

    /// <summary>The contacts that get anything, and what.</summary>
    public IEnumerable<(Contact Newcomer, IReadOnlyList<NodeId> Keys)> Found =>
        _newcomers.Select(newcomer => (newcomer, (IReadOnlyList<NodeId>)_keys[newcomer.Id])).Where(found => found.Item2.Count > 0);

    /// <summary>Considers a key that is held.</summary>
    public void Consider(NodeId key)
    {
        if (!Region.Contains(key))
        {
            return;
        }

        // Of a key's k + 1 nearest contacts a newcomer is one, or it gets nothing.
        Span<Contact> nearest = stackalloc Contact[_bucketSize + 1];
        nearest = nearest[.._table.FindClosest(key, nearest)];
        if (nearest.Length > 1 && nearest[1].Id.DistanceTo(key) < _table.OwnId.DistanceTo(key))
        {
            return;
        }

        Span<Contact> others = stackalloc Contact[_bucketSize];
        for (var i = 0; i < nearest.Length; i++)
        {
            if (_keys.TryGetValue(nearest[i].Id, out var keys))
            {
                nearest[..i].CopyTo(others);
                nearest[(i + 1)..].CopyTo(others[i..]);
                if (_count < MaxKeys && HandOffRule.Applies(key, _table.OwnId, nearest[i].Id, others[..(nearest.Length - 1)], _bucketSize))
                {
                    keys.Add(key);
                    _count++;
                }
            }
        }
    }
}
