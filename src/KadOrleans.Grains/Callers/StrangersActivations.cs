namespace KadOrleans.Grains;

// The activations that clients caused and that took no call that was open to its caller. Orleans would keep each a quarter of an hour
// after its last call, and a stranger can cause them without end. Those whose number the cluster bounds do not count. Safe for several
// threads.
internal sealed class StrangersActivations
{
    /// <summary>Some megabytes. A single one is not ended, so who calls one grain all the time keeps no other caller from it.</summary>
    public const int Most = 1_000;

    private static readonly DeactivationReason Reason = new(
        DeactivationReasonCode.RuntimeRequested, $"No call of it was allowed, and {Most} later activations are alike.");

    // Guards the list, the oldest first, and its nodes.
    private readonly Lock _gate = new();
    private readonly LinkedList<IGrainContext> _activations = new();
    private readonly Dictionary<IGrainContext, LinkedListNode<IGrainContext>> _nodes = new(ReferenceEqualityComparer.Instance);

    // Read without the lock, as nearly always there are none.
    private volatile int _count;

    public int Count => _count;

    public void Add(IGrainContext activation)
    {
        IGrainContext? ended = null;
        lock (_gate)
        {
            _nodes[activation] = _activations.AddLast(activation);
            if (_nodes.Count > Most)
            {
                ended = _activations.First!.Value;
                _activations.RemoveFirst();
                _nodes.Remove(ended);
            }

            _count = _nodes.Count;
        }

        ended?.Deactivate(Reason);
    }

    /// <summary>It took a call, or has ended.</summary>
    public void Remove(IGrainContext activation)
    {
        if (_count == 0)
        {
            return;
        }

        lock (_gate)
        {
            if (_nodes.Remove(activation, out var node))
            {
                _activations.Remove(node);
                _count = _nodes.Count;
            }
        }
    }
}
