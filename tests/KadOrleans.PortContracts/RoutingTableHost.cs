using KadOrleans.Core;
using KadOrleans.Node.Ports;

namespace KadOrleans.PortContracts;

/// <summary>The place that routing tables live in. Disposal ends all of them.</summary>
public abstract class RoutingTableHost : IAsyncDisposable
{
    /// <summary>
    /// The empty table of a node, which follows <see cref="RoutingTableContract.Options"/> and has no bounds per subnet;
    /// <paramref name="log"/> follows it, and it takes observations.
    /// </summary>
    internal abstract ValueTask<IRoutingTable> OpenAsync(NodeId ownId, ListenerLog log);

    /// <summary>Moves the clock that the tables go by.</summary>
    public abstract ValueTask AdvanceAsync(TimeSpan by);

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
