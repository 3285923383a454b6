using KadOrleans.Node.Ports;

namespace KadOrleans.PortContracts;

/// <summary>The place that a node state store lives in; one store at a time is open in it.</summary>
public abstract class NodeStateStoreHost : IAsyncDisposable
{
    /// <summary>Opens the store, with what earlier ones left in this place if they last.</summary>
    public abstract ValueTask<INodeStateStore> OpenAsync();

    /// <summary>Closes the store and whatever it needs, so that it can be opened again.</summary>
    public abstract ValueTask CloseAsync();

    public virtual async ValueTask DisposeAsync()
    {
        await CloseAsync();
        GC.SuppressFinalize(this);
    }
}
