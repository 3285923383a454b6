using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Node;

/// <summary>Where a node's transport and storage are chosen: <c>AddKadNode(…).UseUdp(…).UseSqlite(…)</c>.</summary>
public sealed class KadNodeBuilder
{
    internal KadNodeBuilder(IServiceCollection services) => Services = services;

    /// <summary>The services that the node is registered in.</summary>
    public IServiceCollection Services { get; }

    /// <summary>Builds a node outside a host. Disposing it disposes its transport and storage.</summary>
    /// <exception cref="InvalidOperationException">No transport was chosen.</exception>
    /// <exception cref="ArgumentException">An option is out of its bounds; the message names it.</exception>
    public async Task<KadNode> BuildAsync()
    {
        // The root of the services disposes them all. Services of the caller's get this node, too.
        Services.AddSingleton(static services => KadNodeServiceCollectionExtensions.CreateNode(services, owner: (IAsyncDisposable)services));
        var provider = Services.BuildServiceProvider();
        try
        {
            return provider.GetRequiredService<KadNode>();
        }
        catch
        {
            await provider.DisposeAsync();
            throw;
        }
    }
}
