using KadOrleans.Grains.Abstractions.Edges;

namespace KadOrleans.Grains.Edges;

/// <summary>An edge's pending request for a lease.</summary>
/// <param name="name">Its stable name.</param>
/// <param name="count">How many ids it serves.</param>
/// <param name="edge">How to reach it.</param>
/// <param name="since">When it was made, as a timestamp of the clock.</param>
internal sealed class LeaseRequest(string name, int count, IEdgeObserver edge, long since) : TaskCompletionSource<EdgeLease>
{
    public string Name => name;

    public int Count => count;

    public IEdgeObserver Edge => edge;

    public long Since => since;
}

/// <summary>An operator's pending change of a name.</summary>
/// <param name="name">The name.</param>
/// <param name="change">What becomes of it.</param>
internal sealed class ChangeRequest(string name, NameChange change) : TaskCompletionSource<bool>
{
    public string Name => name;

    public NameChange Change => change;
}

/// <summary>A pending request to hand a lease back.</summary>
/// <param name="name">The edge's stable name.</param>
/// <param name="epoch">Of the lease.</param>
internal sealed class ReleaseRequest(string name, long epoch) : TaskCompletionSource
{
    public string Name => name;

    public long Epoch => epoch;
}
