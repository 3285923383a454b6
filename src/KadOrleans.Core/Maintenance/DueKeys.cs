namespace KadOrleans.Core.Maintenance;

/// <summary>
/// Collects due keys, and keeps those that had no STORE for the longest time. A node that cannot send all of them thus leaves none out for
/// good.
/// </summary>
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
