using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Node.Hosting;

/// <summary>Where a node's transport and storage are chosen: <c>AddKadNode(…).UseUdp(…).UseSqlite(…)</c>.</summary>
public sealed class KadNodeBuilder
{
    internal KadNodeBuilder(IServiceCollection services)
    {
        Services = services;
    }

    /// <summary>The services that the node is registered in.</summary>
    public IServiceCollection Services { get; }
}
