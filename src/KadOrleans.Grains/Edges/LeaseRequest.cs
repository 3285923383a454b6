using KadOrleans.Grains.Abstractions.Edges;

namespace KadOrleans.Grains.Edges;

/// <summary>An edge that waits for a lease.</summary>
/// <param name="name">Its stable name.</param>
/// <param name="count">How many ids it serves.</param>
/// <param name="edge">How to reach it.</param>
/// <param name="since">When it asked, as a timestamp of the clock.</param>
internal sealed class LeaseRequest(string name, int count, IEdgeObserver edge, long since) : TaskCompletionSource<EdgeLease>
{
    public string Name => name;

    public int Count => count;

    public IEdgeObserver Edge => edge;

    public long Since => since;
}

/// <summary>A lease that is handed back.</summary>
/// <param name="name">The edge's stable name.</param>
/// <param name="epoch">Of the lease.</param>
internal sealed class ReleaseRequest(string name, long epoch) : TaskCompletionSource
{
    public string Name => name;

    public long Epoch => epoch;
}
