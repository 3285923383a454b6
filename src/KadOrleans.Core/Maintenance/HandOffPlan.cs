namespace KadOrleans.Core;

/// <summary>
/// Which keys are handed off to which new contacts (Kademlia §2.5), found by one pass over the keys for any number of contacts: each key
/// costs one search of the table. Not safe for several threads.
/// </summary>
internal sealed class HandOffPlan
{
    /// <summary>Keys of all contacts together: 20 MB. Republishing sends what is beyond.</summary>
    public const int MaxKeys = 1_048_576;

    /// <summary>
    /// Contacts that are nearer to a key than this node, and may have left: if one is there, it hands the key off. Of a table a fifth of which has
    /// left, more are in the way of one key in a hundred.
    /// </summary>
    public const int MostInTheWay = 2;

    private readonly RoutingTableSnapshot _table;
    private readonly int _bucketSize;
    private readonly Dictionary<NodeId, List<NodeId>> _keys = [];
    private readonly HashSet<Contact> _inTheWay = [];
    private readonly Contact[] _newcomers;

    private readonly HashSet<NodeId> _lackKeys = [];
    private int _count;

    /// <param name="table">The contacts, without those that are known to have left.</param>
    /// <param name="newcomers">Contacts that may lack their keys. Those that the table does not have get nothing.</param>
    /// <param name="recent">
    /// Contacts that came shortly before: as newcomers, they may lack what they would hand over. After a start most contacts are newcomers, and
    /// have their keys: so these few count only if they are no more than half of the table.
    /// </param>
    /// <param name="bucketSize">Of how many nearest contacts of a key a newcomer must be one to get it: k or more.</param>
    public HandOffPlan(RoutingTableSnapshot table, IEnumerable<Contact> newcomers, IEnumerable<Contact> recent, int bucketSize)
    {
        (_table, _bucketSize) = (table, bucketSize);
        _newcomers = [.. newcomers.Where(table.Contains).DistinctBy(newcomer => newcomer.Id)];
        foreach (var newcomer in _newcomers)
        {
            _keys.Add(newcomer.Id, []);
        }

        _lackKeys.UnionWith(recent.Where(table.Contains).Concat(_newcomers).Select(static contact => contact.Id));
        if (_lackKeys.Count > table.Count / 2)
        {
            _lackKeys.Clear();
        }

        Region = HandOffRule.GetRegion(table, _newcomers is [var only] ? only.Id : null, MostInTheWay);
    }

    /// <summary>The keys that may be handed off.</summary>
    public KeyRegion Region { get; }

    /// <summary>The contacts that get anything, and what.</summary>
    public IEnumerable<(Contact Newcomer, IReadOnlyList<NodeId> Keys)> Found =>
        _newcomers.Select(newcomer => (newcomer, (IReadOnlyList<NodeId>)_keys[newcomer.Id])).Where(found => found.Item2.Count > 0);

    /// <summary>
    /// Contacts that are to hand some key to a newcomer, as they alone are nearer than this node. If all of a key's have left without notice,
    /// this node does: in a plan without them.
    /// </summary>
    public IReadOnlyCollection<Contact> InTheWay => _inTheWay;

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
        if (IsNearer(nearest, 1 + MostInTheWay, key))
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
                Consider(key, nearest[i].Id, keys, others[..(nearest.Length - 1)]);
            }
        }
    }

    private void Consider(NodeId key, NodeId newcomer, List<NodeId> keys, ReadOnlySpan<Contact> others)
    {
        if (IsNearer(others, MostInTheWay, key) || !RepublishPolicy.IsAmongNearest(newcomer, key, others, _bucketSize))
        {
            return;
        }

        var isNearest = true;
        for (var i = 0; IsNearer(others, i, key); i++)
        {
            if (!_lackKeys.Contains(others[i].Id))
            {
                isNearest = false;
                _inTheWay.Add(others[i]);
            }
        }

        if (isNearest && _count < MaxKeys)
        {
            keys.Add(key);
            _count++;
        }
    }

    private bool IsNearer(ReadOnlySpan<Contact> nearest, int index, NodeId key) =>
        index < nearest.Length && nearest[index].Id.DistanceTo(key) < _table.OwnId.DistanceTo(key);
}
